"""The nearest setting that fits, in order of least change to the method.

Changes of the first kind leave the result of training as it is: fewer completions in memory at a time, activations
computed again, more processes, ZeRO, optimiser state in host memory, more memory, more nodes. Those of the second kind
change the method and are taken only when nothing else helps: a frozen vision tower, adapters, shorter completions.
What turns out not to be needed is taken back.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rlvr.method import Method
from rlvr.overrides import apply
from rlvr.plan.gpu import GIB
from rlvr.plan.machine import Machine
from rlvr.plan.method_plan import Setting, plan_method
from rlvr.plan.shape import shape_of
from rlvr.plan.stage_plan import StagePlan
from rlvr.plan.step_size import StepSize, step_size
from rlvr.training import Lora, Merge, Scale, Sft, ShortestSft, TrainJob

MOST_NODES = 32
"""Nodes that are proposed at most."""
MOST_MEMORY = 2048
"""Host memory that is proposed at most, GiB a node."""
SHORTEST = 256
"""Completions are never proposed shorter than this, tokens."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One setting that is changed."""

    table: str
    """`scale`, `method`, `pods.train`, `pods.evaluate` or empty for the top of a profile."""
    path: str
    """The setting; in `method` a path as `--set` takes it."""
    value: Any
    """Its new value."""
    words: str
    """What it does, for people."""

    @property
    def changes_method(self) -> bool:
        """Whether training then computes something else."""
        return self.table == "method"


@dataclass(frozen=True, kw_only=True, slots=True)
class Proposal:
    """Changes with which everything fits."""

    changes: tuple[Change, ...]
    """What is changed."""
    setting: Setting
    """The setting after it."""
    plans: tuple[StagePlan, ...]
    """The plans after it."""


def nearest(method: Method, setting: Setting, *, same_method: bool = False) -> Proposal | None:
    """The nearest setting that fits; None when none of those tried does. `same_method` leaves the method alone."""
    evaluation = _evaluation(method, setting)
    if evaluation is None:
        return None
    if found := _tried(method, setting, evaluation):
        return found
    taken: list[Change] = []
    rungs = [change for change in _rungs(method, setting) if not (same_method and change.changes_method)]
    for change in rungs:
        taken = [*(kept for kept in taken if (kept.table, kept.path) != (change.table, change.path)), change]
        if _tried(method, setting, [*taken, *evaluation]):
            break
    else:
        return None
    for change in reversed(taken[:-1]):
        fewer = [kept for kept in taken if kept is not change]
        if _tried(method, setting, [*fewer, *evaluation]):
            taken = fewer
    for change in taken:  # rungs of one setting go from little to much
        for milder in (rung for rung in rungs if (rung.table, rung.path) == (change.table, change.path)):
            others = [milder if kept is change else kept for kept in taken]
            if _tried(method, setting, [*others, *evaluation]):
                taken = others
                break
    return _tried(method, setting, [*taken, *evaluation])


def applied(method: Method, setting: Setting, changes: list[Change]) -> tuple[Method, Setting]:
    """Method and setting after some changes."""
    scale = {change.path: change.value for change in changes if change.table == "scale" and change.path != "job"}
    if any(change.path == "job" for change in changes):
        scale["job"] = TrainJob()
    values = {change.path: change.value for change in changes if change.table == "method"}
    batch = next((change.value for change in changes if change.path == "evaluation_batch"), setting.evaluation_batch)
    new = replace(
        setting,
        scale=replace(setting.scale, **scale),
        evaluation_batch=batch,
        train=_with_memory(setting.train, changes, "pods.train"),
        evaluate=_with_memory(setting.evaluate, changes, "pods.evaluate"),
    )
    return apply(method, values) if values else method, new


def _with_memory(machine: Machine, changes: list[Change], table: str) -> Machine:
    for change in changes:
        if change.table == table:
            return replace(machine, host_bytes=float(change.value.removesuffix("Gi")) * GIB)
    return machine


def _tried(method: Method, setting: Setting, changes: list[Change]) -> Proposal | None:
    """The proposal of these changes, with more host memory where only that is lacking; None if it does not fit."""
    given, new = applied(method, setting, changes)
    plans = plan_method(given, new)
    if any(not plan.gpu_fits for plan in plans):
        return None
    extra = []
    for table, own in (
        ("pods.train", [plan for plan in plans if plan.kind not in ("evaluate", "Merge")]),
        ("pods.evaluate", [plan for plan in plans if plan.kind == "evaluate"]),
    ):
        lacking = [plan.host_bytes for plan in own if plan.host_limit is not None and plan.host_bytes > plan.host_limit]
        if lacking:
            needed = 64 * math.ceil(max(lacking) / GIB / 64)
            if needed > MOST_MEMORY:
                return None
            extra.append(Change(table=table, path="memory", value=f"{needed}Gi", words="more host memory"))
    if extra:
        changes = [*changes, *extra]
        given, new = applied(method, setting, changes)
        plans = plan_method(given, new)
    return Proposal(changes=tuple(changes), setting=new, plans=plans) if all(plan.fits for plan in plans) else None


def _evaluation(method: Method, setting: Setting) -> list[Change] | None:
    """Fewer rows answered at a time until evaluation fits on its GPU; None when it never does."""
    batch = setting.evaluation_batch
    while batch:
        plan = plan_method(method, replace(setting, evaluation_batch=batch))[-1]
        if plan.kind != "evaluate" or plan.gpu_fits:
            break
        batch //= 2
    else:
        return None
    if batch == setting.evaluation_batch:
        return []
    return [Change(table="", path="evaluation_batch", value=batch, words="fewer rows answered at a time")]


def _rungs(method: Method, setting: Setting) -> Iterator[Change]:
    """Changes of training to try, one after the other and all together."""
    scale, shape = setting.scale, shape_of(method.backbone.hub_id)
    stages = [stage for stage in method.stages if not isinstance(stage, Merge)]
    if scale.processes > setting.train.gpus > 0:
        yield _scale("processes", setting.train.gpus, "one process on every GPU that the profile asks for")
    steps = [step_size(stage, shape, scale, setting.assumed) for stage in stages]
    one = max((step.group for step in steps), default=0)
    if one and one < scale.micro_batch_tokens:
        yield _scale("micro_batch_tokens", one, "one prompt's completions in memory at a time")
    yield from _fewer_drawn(scale, steps)
    if not scale.gradient_checkpointing:
        yield _scale("gradient_checkpointing", True, "activations are computed again in the backward pass")
    yield from _fewer_learnt(scale, steps)
    if scale.processes < setting.train.gpus:
        yield _scale("processes", setting.train.gpus, "one process on every GPU that the profile asks for")
    best = 3 if shape.packed else 2  # ZeRO-3 refuses plain sequences
    if scale.zero_stage > best:
        yield _scale("zero_stage", best, "ZeRO that this model can be trained under")
    several = max(scale.processes, setting.train.gpus) * scale.nodes > 1
    for stage in range(scale.zero_stage + 1, best + 1):
        if several:
            yield _scale("zero_stage", stage, f"ZeRO-{stage}: {SPLIT[stage]} over all GPUs")
    if not scale.offload_optimiser:
        if not scale.zero_stage and not several:
            yield _scale("zero_stage", 1, "DeepSpeed, which can offload")
        yield _scale("offload_optimiser", True, "optimiser state in host memory")
    if scale.job is None:
        yield _scale("job", {}, "training as a TrainJob, which several nodes need")
    for nodes in (2, 4, 8, 16, MOST_NODES):
        if nodes > scale.nodes:
            yield _scale("nodes", nodes, "more nodes")
    yield from _method_changes(method)


def _fewer_drawn(scale: Scale, steps: Sequence[StepSize]) -> Iterator[Change]:
    """Fewer completions generated at a time, down to one."""
    least = max((step.prompt.tokens + step.new for step in steps if step.new), default=0)
    limit = scale.cache_tokens // 2
    while least and scale.rollout == "transformers" and 2 * limit > least:
        yield _scale("cache_tokens", max(limit, least), "fewer completions generated at a time")
        limit //= 2


def _fewer_learnt(scale: Scale, steps: Sequence[StepSize]) -> Iterator[Change]:
    """Fewer of a prompt's completions in a micro-batch, down to one."""
    least = max((step.prompt.tokens + step.length for step in steps), default=0)
    limit = min(scale.micro_batch_tokens, max((step.part for step in steps), default=0)) // 2
    while least and 2 * limit > least:
        yield _scale("micro_batch_tokens", max(limit, least), "fewer completions in memory at a time")
        limit //= 2


SPLIT = {1: "splits optimiser state", 2: "splits gradients, too,", 3: "splits weights, too,"}
"""What a stage of ZeRO splits."""


def _method_changes(method: Method) -> Iterator[Change]:
    """What changes the method: the vision tower frozen, adapters, shorter completions."""
    stages = [stage for stage in method.stages if not isinstance(stage, Merge)]
    fitting = any(isinstance(stage, ShortestSft) for stage in stages)
    direct = any(not isinstance(stage, ShortestSft) for stage in stages)
    paths = [*(["stages.*"] if direct else []), *(["stages.*.fit"] if fitting else [])]
    for path in paths:
        yield _method(f"{path}.freeze_vision", True, "the vision tower is not trained")
    lora = Lora()
    for path in paths:
        yield _method(f"{path}.lora", {"rank": lora.rank, "alpha": lora.alpha}, "adapters instead of all weights")
    drawn = {stage.name: stage.sampling.max_new_tokens for stage in stages if not isinstance(stage, Sft)}
    longest = max(drawn.values(), default=0)
    while longest > SHORTEST:
        longest //= 2
        for name, tokens in drawn.items():
            if tokens > longest:
                yield _method(f"stages.{name}.sampling.max_new_tokens", longest, "shorter completions")


def _scale(path: str, value: Any, words: str) -> Change:
    return Change(table="scale", path=path, value=value, words=words)


def _method(path: str, value: Any, words: str) -> Change:
    return Change(table="method", path=path, value=value, words=words)
