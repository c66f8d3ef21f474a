"""Base: the checkpoint that training starts from."""

from kfp import dsl

from rlvr.stages.images import TRAIN


@dsl.component(base_image=TRAIN, install_kfp_package=False)
def base(store: str, backbone: str, tasks: str, model: dsl.Output[dsl.Model]):
    """Fetch the backbone at its pinned revision, or build and warm up its tiny stand-in."""
    import json

    from rlvr.backbones.prepare import prepare as body
    from rlvr.data.load import is_fixed
    from rlvr.lineage.origins import checkpoint
    from rlvr.lineage.record import Telling
    from rlvr.provenance import perform

    parameters = {"backbone": json.loads(backbone), "tasks": json.loads(tasks)}
    fixed = is_fixed(parameters["backbone"]["location"])
    telling, outputs = Telling(origins=checkpoint), {"model": model}
    perform(
        body,
        store=store,
        inputs={},
        outputs=outputs,
        parameters=parameters,
        name="base",
        remember=fixed,
        telling=telling,
    )
