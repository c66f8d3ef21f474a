"""Profiles: how big a run is and what each stage may use. It scales a method by a new value and never edits it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rlvr.errors import RlvrError
from rlvr.method import Method, Reward
from rlvr.overrides import apply, changes
from rlvr.stages.images import DATA, EVALUATE, TRAIN
from rlvr.training import Merge, Scale, TrainingStage
from rlvr_pipelines import profile_file
from rlvr_pipelines.placement import Placement
from rlvr_pipelines.run_settings import RunSettings

NAMES = ("laptop", "node", "cluster")
"""Profiles that ship; one data file each in `profiles/`."""
KINDS = {"data": DATA, "weights": TRAIN, "train": TRAIN, "launch": TRAIN, "evaluate": EVALUATE}
"""Kinds of tasks and their images: reading, checking and reporting; fetching and averaging weights, which needs no
GPU; training here, and the small pod that launches training as a TrainJob and waits; evaluation."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile:
    """One profile, as read from its file."""

    name: str
    """Identifier."""
    description: str
    """One line for people."""
    values: dict[str, Any]
    """Overrides of every method, by path."""
    method_values: dict[str, dict[str, Any]]
    """Further overrides by method name; those of a variant (`r1_v/geometry`) come after its method's."""
    changed: dict[str, Any] = field(default_factory=dict)
    """What the user changed, by path; applied last."""
    rewards: tuple[Reward, ...] = ()
    """Rewards that the user adds to every task."""
    max_benchmarks: int | None = None
    """How many of a method's benchmarks are run, the primary one first; None runs them all."""
    cross_check: bool = False
    """Whether lmms-eval scores both models, too, on the benchmarks that it shares, in an image of its own."""
    promote: bool = False
    """Whether the run ends in the promotion gate: the tuned model becomes the champion if it is better than it."""
    evaluation_batch: int
    """Rows generated at a time in evaluation."""
    pods: Mapping[str, Placement] = field(default_factory=lambda: {kind: Placement() for kind in KINDS})
    """What the pods of each kind of task ask of the cluster."""
    run: RunSettings = RunSettings()
    """What concerns a run as a whole."""
    scale: Scale = Scale()
    """How training stages are spread over memory and processes."""

    @property
    def launches(self) -> bool:
        """Whether training stages are launched as TrainJobs."""
        return self.scale.job is not None

    def kind(self, stage: TrainingStage) -> str:
        """Which kind of pod a training stage has."""
        if isinstance(stage, Merge):
            return "weights"
        return "launch" if self.launches else "train"

    def scaled(self, method: Method) -> Method:
        """The method as this profile runs it.

        Of a family's values those pass over that name a task, stage or benchmark which this variant lacks.
        """
        family = method.name.partition("/")[0]
        named = {
            path: value
            for name, values in self.method_values.items()
            if name in (family, method.name)
            for path, value in values.items()
            if name == method.name != family or _has(method, path)
        }
        if self.rewards:
            tasks = [replace(task, rewards=(*task.rewards, *self.rewards)) for task in method.tasks]
            method = replace(method, tasks=tuple(tasks))
        scaled = apply(method, {**self.values, **named, **self.changed})
        return replace(scaled, benchmarks=scaled.benchmarks[: self.max_benchmarks])

    def changes(self, method: Method) -> list[dict[str, Any]]:
        """What differs from the published set-up when the method runs under this profile."""
        return changes(method, self.scaled(method))

    def own_changes(self, method: Method) -> list[dict[str, Any]]:
        """What the user changed beyond the profile, in the same form."""
        return changes(replace(self, changed={}, rewards=()).scaled(method), self.scaled(method))


def _has(method: Method, path: str) -> bool:
    """Whether the method has the task, stage or benchmark that a path names, if it names one."""
    parts = {"tasks": method.tasks, "stages": method.stages, "benchmarks": method.benchmarks}
    kind, name, *_ = [*path.split("."), ""]
    return kind not in parts or name in ("*", *(part.name for part in parts[kind]))


def profile(name: str, method: str = "") -> Profile:
    """The profile of that name, or that of a file `NAME.toml`, which may extend another; as it is for `method`."""
    table = profile_file.read(name, NAMES, method)
    title = Path(name).stem
    if not re.fullmatch(r"[A-Za-z0-9][\w-]*", title):
        raise RlvrError(f"A profile's file is named with letters, digits, - and _ alone; {name} is not.")
    for key in table:
        profile_file.known(key, SETTINGS, "", name)
    for key, kind in SETTINGS.items():
        value = table.get(key)
        if value is not None and (not isinstance(value, kind) or (isinstance(value, bool) and kind is int)):
            raise RlvrError(f"{name}: {key} is {value!r}; it is a {KIND_NAMES[kind]}.")
    _require_methods(table.get("methods", {}), name)
    pods = _pods(table.get("pods", {}), name)
    return Profile(
        name=title,
        description=table.get("description", f"the settings of {name}"),
        values=table.get("method", {}),
        method_values=table.get("methods", {}),
        max_benchmarks=table.get("max_benchmarks") or None,
        cross_check=table.get("cross_check", False),
        promote=table.get("promote", False),
        evaluation_batch=table.get("evaluation_batch", 64),
        pods=pods,
        run=profile_file.structured(RunSettings, table.get("run", {}), "run", name),
        scale=_scale(table.get("scale", {}), pods["train"], name),
    )


SETTINGS: Mapping[str, type] = {
    "description": str,
    "evaluation_batch": int,
    "max_benchmarks": int,
    "cross_check": bool,
    "promote": bool,
    "method": dict,
    "methods": dict,
    "pods": dict,
    "run": dict,
    "scale": dict,
}
"""What stands at the top of a profile's file."""
KIND_NAMES = {str: "text", int: "whole number", bool: "true or false", dict: "table"}


def _pods(table: Mapping[str, Any], where: str) -> dict[str, Placement]:
    """`[pods]` holds for every kind of task, `[pods.train]` and its like for one."""
    shared = {key: value for key, value in table.items() if key not in KINDS}
    for key in shared:
        profile_file.known(key, [*KINDS, *Placement.__dataclass_fields__], "pods", where)
    placements = {}
    for kind in KINDS:
        own = table.get(kind, {})
        if not isinstance(own, dict):
            raise RlvrError(f"{where}: pods.{kind} is {own!r}; it is a table of settings, [pods.{kind}].")
        placements[kind] = profile_file.structured(Placement, profile_file.merged(shared, own), f"pods.{kind}", where)
    return placements


LENT = ("cpu", "memory", "gpu", "gpu_type", "node_selector", "queue", "priority", "volume_claim", "volume_path")
"""Settings of `[pods.train]` that the TrainJob's pods take over where `[scale.job]` does not say otherwise."""


def _scale(table: Mapping[str, Any], train: Placement, where: str) -> Scale:
    """`[scale]`; a TrainJob's pods are placed as `[pods.train]` says."""
    if isinstance(job := table.get("job"), dict):
        lent = {name: getattr(train, name) for name in LENT}
        given = {name: dict(value) if isinstance(value, Mapping) else value for name, value in lent.items()}
        tolerations = [
            {key: value for key, value in profile_file.plain_fields(one).items() if value} for one in train.tolerations
        ]
        if train.timeout_seconds:
            given["deadline_seconds"] = train.timeout_seconds
        given |= {"tolerations": tolerations, "environment": dict(train.environment)}
        job = {**{name: value for name, value in given.items() if value is not None}, **job}
        table = {**table, "job": job}
    return profile_file.structured(Scale, table, "scale", where)


def _require_methods(table: Mapping[str, Any], where: str) -> None:
    from rlvr_pipelines.methods import METHODS

    for name, values in table.items():
        profile_file.known(name, METHODS, "methods", where)
        if not isinstance(values, dict):
            raise RlvrError(f"{where}: methods.{name} is {values!r}; it is a table of values by path.")
