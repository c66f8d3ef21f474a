"""The plan of a whole method: every training stage, and evaluation."""

from dataclasses import dataclass

from rlvr.errors import RlvrError
from rlvr.method import Method
from rlvr.plan.assumptions import MEASURED, Assumptions
from rlvr.plan.evaluation import plan_evaluation
from rlvr.plan.machine import Machine
from rlvr.plan.overhead import PROCESS
from rlvr.plan.parameters import count
from rlvr.plan.shape import shape_of
from rlvr.plan.stage_plan import Item, StagePlan
from rlvr.plan.training import BYTES, plan_training
from rlvr.training import Merge, Scale


@dataclass(frozen=True, kw_only=True, slots=True)
class Setting:
    """Where a method is to run."""

    train: Machine
    """A node of the training stages."""
    evaluate: Machine
    """The pod of evaluation."""
    merge_host_bytes: float | None = None
    """Memory of the pod that averages models; None when it asks for none."""
    scale: Scale
    """How training stages are spread."""
    evaluation_batch: int
    """Rows answered at a time."""
    assumed: Assumptions = MEASURED
    """Sizes of the data and use of the GPUs."""


def plan_method(method: Method, setting: Setting) -> tuple[StagePlan, ...]:
    """A plan for each training stage, then for the benchmark that needs most."""
    if method.backbone.location in ("tiny", "smol"):
        raise RlvrError(
            f"This profile trains a {method.backbone.location} model, which needs no plan. Choose one that trains the "
            f"published checkpoint, e.g. --profile cluster."
        )
    plans = []
    for stage in method.stages:
        if isinstance(stage, Merge):
            plans.append(_merging(stage, method, setting))
        else:
            plans.append(plan_training(stage, method.backbone, setting.train, setting.scale, setting.assumed))
    answers = [
        plan_evaluation(item, method.backbone, setting.evaluate, setting.evaluation_batch, setting.assumed)
        for item in method.benchmarks
    ]
    return (*plans, max(answers, key=lambda plan: plan.peak.bytes if plan.peak else 0.0)) if answers else tuple(plans)


def _merging(stage: Merge, method: Method, setting: Setting) -> StagePlan:
    """Two checkpoints are read side by side, a file at a time, and averaged in float32; no GPU."""
    total = count(shape_of(method.backbone.hub_id)).total
    size = float(BYTES[method.backbone.precision] * total)
    shard = min(size, 5e9)
    return StagePlan(
        stage=stage.name, kind="Merge", hub_id=method.backbone.hub_id, parameters=total, trained=0, gpu=None,
        processes=1, nodes=1, phases=(),
        host_items=(
            Item(label="shards", bytes=3 * shard, how="a file of each model and of the result, about 5 GB each"),
            Item(label="process", bytes=PROCESS, how="6 GiB (estimate)"),
        ),
        host_limit=setting.merge_host_bytes,
        disk_items=(Item(label="three models", bytes=3 * size, how="both and the result"),),
        facts=(("models", f"the start model and {stage.other}"),),
    )  # fmt: skip
