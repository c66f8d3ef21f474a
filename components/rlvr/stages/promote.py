"""Promote: the gate that lets a better model become the champion of its method."""

from typing import List  # noqa: UP035  (Kubeflow reads this form)

from kfp import dsl

from rlvr.stages.images import DATA


@dsl.component(base_image=DATA, install_kfp_package=False)
def promote(
    store: str,
    name: str,
    benchmark: str,
    model: dsl.Input[dsl.Model],
    evaluations: dsl.Input[List[dsl.Dataset]],  # noqa: UP006
    decision: dsl.Output[dsl.Artifact],
):
    """Compare the model with the champion on the primary benchmark (JSON), and replace the champion if it is better."""
    import json

    from rlvr.promotion import promote as decide

    told = decide(store, name, json.loads(benchmark), model, evaluations, decision)
    print(f"{'promoted' if told['promoted'] else 'not promoted'}: {told['why']}")
