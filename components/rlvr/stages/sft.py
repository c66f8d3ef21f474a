"""SFT: supervised fine-tuning on reference responses (cold start)."""

from kfp import dsl

from rlvr.stages.images import TRAIN


@dsl.component(base_image=TRAIN, install_kfp_package=False)
def sft(
    store: str,
    seed: int,
    stage: str,
    tasks: str,
    precision: str,
    scale: str,
    rows: dsl.Input[dsl.Dataset],
    start: dsl.Input[dsl.Model],
    model: dsl.Output[dsl.Model],
    log: dsl.Output[dsl.Artifact],
    previous: dsl.Input[dsl.Artifact] = None,
):
    """Fine-tune the model on the rows' reference responses."""
    import json

    from rlvr.provenance import perform
    from rlvr.sft import train as body

    inputs, outputs = {"rows": rows, "base": start, "previous": previous}, {"model": model, "log": log}
    parameters = {"stage": json.loads(stage), "tasks": json.loads(tasks), "scale": json.loads(scale)}
    parameters |= {"precision": precision, "seed": int(seed)}
    perform(body, store=store, inputs=inputs, outputs=outputs, parameters=parameters, name=json.loads(stage)["name"])
