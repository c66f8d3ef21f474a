"""Profiles: how big a run is and what each stage may use. It scales a method by a new value and never edits it."""

import tomllib
from dataclasses import dataclass, field, replace
from importlib.resources import files
from typing import Any

from rlvr.canonical import load
from rlvr.errors import RlvrError
from rlvr.method import Method, Reward
from rlvr.overrides import apply, changes
from rlvr.training import Scale

NAMES = ("laptop", "cluster")
"""Profiles that ship; one data file each in `profiles/`."""


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
    evaluation_batch: int
    """Rows generated at a time in evaluation."""
    resources: dict[str, dict[str, Any]]
    """By stage kind (`data`, `train`, `evaluate`): cpu, memory, gpu and gpu_type of the task; empty sets nothing."""
    scale: Scale = Scale()
    """How training stages are spread over memory and processes."""

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


def profile(name: str) -> Profile:
    """The profile of that name."""
    if name not in NAMES:
        raise RlvrError(f"There is no profile {name!r}; choose one of {', '.join(NAMES)}.")
    data = tomllib.loads((files("rlvr_pipelines") / "profiles" / f"{name}.toml").read_text(encoding="utf-8"))
    return Profile(
        name=name,
        description=data["description"],
        values=data.get("method", {}),
        method_values=data.get("methods", {}),
        max_benchmarks=data.get("max_benchmarks"),
        cross_check=data.get("cross_check", False),
        evaluation_batch=data.get("evaluation_batch", 64),
        resources=data.get("resources", {}),
        scale=load(Scale, data.get("scale", {})),
    )


def limit(task: Any, resources: dict[str, Any]) -> None:
    """Set a task's cpu, memory and accelerator, as requests and limits alike."""
    if cpu := resources.get("cpu"):
        task.set_cpu_request(str(cpu)).set_cpu_limit(str(cpu))
    if memory := resources.get("memory"):
        task.set_memory_request(memory).set_memory_limit(memory)
    if gpu := resources.get("gpu"):
        task.set_accelerator_type(resources["gpu_type"]).set_accelerator_limit(int(gpu))
