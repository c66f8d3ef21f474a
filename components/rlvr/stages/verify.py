"""Verify: the gate between data and training."""

from kfp import dsl

from rlvr.stages.images import DATA


@dsl.component(base_image=DATA, install_kfp_package=False)
def verify(
    store: str,
    tasks: str,
    limits: str,
    rows: dsl.Input[dsl.Dataset],
    tests: dsl.Input[dsl.Dataset],
    accepted: dsl.Output[dsl.Dataset],
    verdict: dsl.Output[dsl.Artifact],
    page: dsl.Output[dsl.HTML],
):
    """Check every row, quarantine what fails with its reasons, and stop the pipeline when too much fails."""
    import json

    from rlvr.report.verification_stage import perform_and_show

    inputs, outputs = {"rows": rows, "tests": tests}, {"out_rows": accepted, "out_verdict": verdict}
    parameters = {"tasks": json.loads(tasks), "limits": json.loads(limits)}
    perform_and_show(store, inputs, outputs, parameters, page)
