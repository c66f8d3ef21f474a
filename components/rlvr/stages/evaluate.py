"""Evaluate: one model on one benchmark."""

from kfp import dsl

from rlvr.stages.images import EVALUATE


@dsl.component(base_image=EVALUATE, install_kfp_package=False)
def evaluate(
    store: str,
    benchmark: str,
    role: str,
    precision: str,
    batch: int,
    model: dsl.Input[dsl.Model],
    tests: dsl.Input[dsl.Dataset],
    predictions: dsl.Output[dsl.Dataset],
):
    """Generate predictions and score them under the published and the strict rule; `benchmark` is JSON."""
    import json

    from rlvr.evaluate import evaluate as body
    from rlvr.lineage.outcomes import score
    from rlvr.lineage.record import Telling
    from rlvr.provenance import perform

    parameters = {"benchmark": json.loads(benchmark), "role": role, "precision": precision, "batch": int(batch)}
    inputs, outputs = {"model": model, "tests": tests}, {"predictions": predictions}
    label, telling = f"evaluate {role}", Telling(outcome=score, about="model")
    perform(body, store=store, inputs=inputs, outputs=outputs, parameters=parameters, name=label, telling=telling)
