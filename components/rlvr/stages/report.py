"""Report: a page, a summary, a model card and `metrics.json` for a whole run."""

from typing import List  # noqa: UP035  (Kubeflow reads this form)

from kfp import dsl

from rlvr.stages.images import DATA


@dsl.component(base_image=DATA, install_kfp_package=False)
def report(
    store: str,
    seed: int,
    run: str,
    verdict: dsl.Input[dsl.Artifact],
    training: dsl.Input[dsl.Artifact],
    rows: dsl.Input[dsl.Dataset],
    tests: dsl.Input[dsl.Dataset],
    before: dsl.Input[List[dsl.Dataset]],  # noqa: UP006
    after: dsl.Input[List[dsl.Dataset]],  # noqa: UP006
    folder: dsl.Output[dsl.Artifact],
    page: dsl.Output[dsl.HTML],
    summary: dsl.Output[dsl.Markdown],
    metrics: dsl.Output[dsl.Metrics],
):
    """Write the report; `run` holds the method, the profile's name and what profile and user changed."""
    import json

    from rlvr.report.stage import publish, write

    inputs = {"evaluations": [*before, *after], "training": training, "verdict": verdict, "rows": rows, "tests": tests}
    publish(write(store, inputs, folder, {**json.loads(run), "seed": int(seed)}), page, summary, metrics)
