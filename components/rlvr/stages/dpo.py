"""DPO: preference of the shortest correct completion over longer ones."""

from kfp import dsl

from rlvr.stages.images import TRAIN


@dsl.component(base_image=TRAIN, install_kfp_package=False)
def dpo(
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
    """Draw completions of every row, pair short correct ones with longer ones, and optimise the preference."""
    import json

    from rlvr.long2short.dpo import train as body
    from rlvr.provenance import perform

    inputs, outputs = {"rows": rows, "base": start, "previous": previous}, {"model": model, "log": log}
    parameters = {"stage": json.loads(stage), "tasks": json.loads(tasks), "scale": json.loads(scale)}
    parameters |= {"precision": precision, "seed": int(seed)}
    perform(body, store=store, inputs=inputs, outputs=outputs, parameters=parameters, name=json.loads(stage)["name"])
