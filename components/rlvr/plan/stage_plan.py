"""The result of planning one stage: where its memory goes, and whether that fits."""

from dataclasses import dataclass

from rlvr.plan.gpu import GIB, Gpu
from rlvr.plan.work import Seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One part of a phase's memory."""

    label: str
    """What it is."""
    bytes: float
    """How much."""
    how: str
    """The arithmetic in words."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Phase:
    """A part of a step in which certain things stand in memory together."""

    name: str
    """rollout, update, optimiser step or load."""
    items: tuple[Item, ...]
    """What stands in memory."""

    @property
    def bytes(self) -> float:
        """All of it."""
        return sum(item.bytes for item in self.items)


@dataclass(frozen=True, kw_only=True, slots=True)
class StagePlan:
    """What one stage needs."""

    stage: str
    """Name of the training stage, or of the benchmark that evaluates the largest."""
    kind: str
    """Class of the stage, or `evaluate`."""
    hub_id: str
    """Checkpoint."""
    parameters: int
    """Parameters of the model."""
    trained: int
    """Those that are trained; 0 in evaluation."""
    gpu: Gpu | None
    """The GPU that was planned for; None where a stage needs none."""
    processes: int
    """Processes, one GPU each, over all nodes."""
    nodes: int
    """Nodes."""
    phases: tuple[Phase, ...]
    """Phases of a step."""
    host_items: tuple[Item, ...]
    """Memory of one node."""
    host_limit: float | None
    """Memory that the profile asks for a node; None when it asks for none."""
    disk_items: tuple[Item, ...]
    """Files: on the node's disk for a time, and in the store."""
    facts: tuple[tuple[str, str], ...]
    """Sizes of a step, as label and value."""
    seconds: Seconds | None = None
    """Estimated time of a step; None where there are no steps."""
    steps: int | None = None
    """Steps, where the method says how many."""
    obstacle: str = ""
    """Why the engine refuses this setting whatever the memory; empty when it does not."""

    @property
    def peak(self) -> Phase | None:
        """The phase that needs most."""
        return max(self.phases, key=lambda phase: phase.bytes) if self.phases else None

    @property
    def host_bytes(self) -> float:
        """Memory of one node at its peak."""
        return sum(item.bytes for item in self.host_items)

    @property
    def lacking(self) -> tuple[str, ...]:
        """What does not fit, one sentence each with the arithmetic; empty when all does."""
        reasons = [self.obstacle] if self.obstacle else []
        peak = self.peak
        if peak and self.gpu and peak.bytes > self.gpu.memory * GIB:
            parts = sorted(peak.items, key=lambda item: -item.bytes)
            terms = " + ".join(f"{item.label} {item.bytes / GIB:.1f}" for item in parts if item.bytes >= 0.05 * GIB)
            reasons.append(
                f"{self.stage} needs {peak.bytes / GIB:.1f} GiB in its {peak.name}, where {self.gpu.name} has "
                f"{self.gpu.memory:.0f}: {terms}."
            )
        if self.host_limit is not None and self.host_bytes > self.host_limit:
            terms = " + ".join(f"{item.label} {item.bytes / GIB:.1f}" for item in self.host_items)
            reasons.append(
                f"{self.stage} needs {self.host_bytes / GIB:.1f} GiB of a node's {self.host_limit / GIB:.0f} GiB of "
                f"memory: {terms}."
            )
        return tuple(reasons)

    @property
    def gpu_fits(self) -> bool:
        """Whether the GPU has room and the engine takes the setting."""
        peak = self.peak
        return not self.obstacle and (peak is None or self.gpu is None or peak.bytes <= self.gpu.memory * GIB)

    @property
    def fits(self) -> bool:
        """Whether GPU and host have room."""
        return not self.lacking
