"""Where a training stage goes on after an interruption, and what it says when it cannot save where it is."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from rlvr.checkpoints import Checkpoints
from rlvr.errors import RlvrError
from rlvr.progress import report
from rlvr.rl.update_check import SKIPPED
from rlvr.rl.world import World
from rlvr.training import Faults


def resume(
    checkpoints: Checkpoints | None,
    world: World,
    faults: Faults,
    label: str,
    load: Callable[[int, Path], None],
) -> int:
    """Let `load` take over the newest checkpoint, given as steps done and folder; returns the steps, 0 to begin.

    One that does not verify ends the stage, or is passed over and reported, as `faults` say. One that vanishes while it
    is read was dropped by another process that does the same work and is further: the newest one is taken again.
    """
    if checkpoints is None:
        return 0
    while found := _newest(checkpoints, world, faults, label):
        problem: Exception | None = None
        try:
            load(*found)
        except (OSError, SafetensorError) as error:
            problem = error
        if not world.any(problem is not None):
            return found[0]
        if world.each_machine(lambda step=found[0]: checkpoints.has(step)):  # type: ignore[misc]
            raise RlvrError(
                f"Stage {label}: the checkpoint after step {found[0]} cannot be read ({problem or 'on another rank'}). "
                f"Remove the stage's checkpoints to begin it again."
            ) from problem
    return 0


def _newest(checkpoints: Checkpoints, world: World, faults: Faults, label: str) -> tuple[int, Path] | None:
    """Steps done and folder of the newest checkpoint, the same on every rank of a machine."""

    def tell(problem: str) -> None:
        if world.main:
            report(label, 0, 1, note=problem)

    return world.each_machine(
        lambda: checkpoints.latest(damaged=tell if faults.damaged_checkpoint == "older" else None)
    )


@contextmanager
def saving(label: str, step: int) -> Iterator[None]:
    """Within a checkpoint is saved; `RlvrError` says that it could not be, and what stands."""
    try:
        yield
    except (RlvrError, OSError, SafetensorError) as error:
        raise RlvrError(
            f"Stage {label}: the checkpoint after step {step} could not be saved: {str(error).rstrip('.')}. The one "
            f"before it stands; make room (the store's URL, TMPDIR) and run again to go on from it."
        ) from error


def require_complete(metrics: Sequence[Mapping[str, Any]], faults: Faults, label: str) -> None:
    """`RlvrError` when a checkpoint's steps left something out and the stage now says to stop at such."""
    names = {SKIPPED: faults.non_finite, "reward_faults": faults.reward, "rows_left_out": faults.unreadable}
    counts = {name: sum(line.get(name) or 0 for line in metrics) for name, wish in names.items() if wish == "stop"}
    if found := {name: int(count) for name, count in counts.items() if count}:
        told = ", ".join(f"{name} {count}" for name, count in found.items())
        raise RlvrError(
            f"Stage {label}: the {len(metrics)} steps of its newest checkpoint left something out ({told}), and its "
            f"faults now say to stop at that. Set them as they were, or remove the stage's checkpoints to begin again."
        )
