"""Merge: the average of the start model and an earlier one."""

from kfp import dsl

from rlvr.stages.images import TRAIN


@dsl.component(base_image=TRAIN, install_kfp_package=False)
def merge(
    store: str,
    stage: str,
    start: dsl.Input[dsl.Model],
    other: dsl.Input[dsl.Model],
    model: dsl.Output[dsl.Model],
    log: dsl.Output[dsl.Artifact],
    previous: dsl.Input[dsl.Artifact] = None,
):
    """Mix the weights of `other` into those of `start`."""
    import json

    from rlvr.long2short.merge import merge as body
    from rlvr.provenance import perform

    inputs, outputs = {"base": start, "other": other, "previous": previous}, {"model": model, "log": log}
    parameters = {"stage": json.loads(stage)}
    perform(body, store=store, inputs=inputs, outputs=outputs, parameters=parameters, name=json.loads(stage)["name"])
