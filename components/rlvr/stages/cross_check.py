"""Cross-check: lmms-eval's own scores of one model, off unless a profile asks for them."""

from kfp import dsl

from rlvr.stages.images import LMMS_EVAL


@dsl.component(base_image=LMMS_EVAL, install_kfp_package=False)
def cross_check(store: str, benchmarks: str, role: str, model: dsl.Input[dsl.Model], scores: dsl.Output[dsl.Artifact]):
    """Run lmms-eval on the benchmarks that it shares; `benchmarks` is a JSON list of names."""
    import json

    from rlvr.cross_check.run import cross_check as body
    from rlvr.provenance import perform

    parameters = {"benchmarks": json.loads(benchmarks), "role": role}
    inputs, outputs = {"model": model}, {"scores": scores}
    perform(
        body, store=store, inputs=inputs, outputs=outputs, parameters=parameters, name=f"cross-check {role}",
        remember=False,  # the data sets that it reads may have changed
    )  # fmt: skip
