"""Whether an update may be made: loss and gradient are finite and not too large; else it is left out or ends the stage.

All ranks ask the same of the same numbers, so they agree. What was left out before is read from the metrics of the
stage's log, which travel in its checkpoints.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from rlvr.errors import RlvrError
from rlvr.progress import report
from rlvr.rl.engine import Engine
from rlvr.training import Faults, Scale

SKIPPED = "updates_skipped"
"""Metric: updates of the step that were left out."""
SHOWN = 5
"""Rows that an error names at most."""


class UpdateCheck:
    """Makes an engine's updates, or leaves them out."""

    def __init__(self, label: str, faults: Faults, engine: Engine, total: int) -> None:
        """`label` names the stage in errors and `total` counts its steps."""
        self.label, self.faults, self.engine, self.total = label, faults, engine, total

    def step(
        self, number: int, loss: float, rows: Sequence[str], step: int, metrics: Sequence[Mapping[str, Any]]
    ) -> float | None:
        """Make update `number` with the accumulated gradients and return their norm; None when it was left out.

        `loss` is that of the update over all ranks, `rows` the ids it comes from, `step` the stage's step from 1 and
        `metrics` those of the steps before. `RlvrError` ends the stage where the settings say so.
        """
        problem = ""
        if not math.isfinite(loss):
            self.engine.discard()
            problem = f"the loss is {loss}"
        else:
            largest = self.faults.largest_grad_norm
            norm = self.engine.step(number, math.inf if largest is None else largest)
            if not 0 <= norm < math.inf:  # DeepSpeed says -1
                problem = f"the gradient's norm is {norm}, though the loss is {loss:.4g}"
            elif largest is not None and norm > largest:
                problem = f"the gradient's norm is {norm:.4g}, above faults.largest_grad_norm ({largest:g})"
        if not problem:
            return norm
        what = f"step {step}: {problem} on {named(rows)}"
        where = f"Stage {self.label}, {what}."
        if self.faults.non_finite == "stop":
            raise RlvrError(
                f"{where} The newest checkpoint is from before that. Lower the learning rate or max_grad_norm, take "
                f"these rows out, or leave such updates out with faults.non_finite=skip."
            )
        steps = 1 + trailing(metrics, lambda line: bool(line.get(SKIPPED)))
        if steps >= self.faults.skipped_steps:
            raise RlvrError(
                f"{where} It is step {steps} in a row with an update left out (faults.skipped_steps). Lower the "
                f"learning rate or max_grad_norm, and run again."
            )
        if self.engine.world.main:
            report(self.label, step - 1, self.total, note=f"{what}; the update is left out")
        return None


def named(rows: Sequence[str]) -> str:
    """The first rows by id."""
    ids = list(dict.fromkeys(rows))
    more = f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else ""
    return f"row{'s' if len(ids) > 1 else ''} {', '.join(ids[:SHOWN])}{more}"


def trailing(metrics: Sequence[Mapping[str, Any]], holds: Any) -> int:
    """How many of the last steps the condition holds for, without a gap."""
    count = 0
    for line in reversed(metrics):
        if not holds(line):
            break
        count += 1
    return count


def require_possible(faults: Faults, scale: Scale, label: str) -> None:
    """`RlvrError` for settings that DeepSpeed cannot follow: it applies a gradient as soon as it knows its norm."""
    if scale.zero_stage and (faults.non_finite == "skip" or faults.largest_grad_norm is not None):
        raise RlvrError(
            f"Stage {label}: DeepSpeed (scale.zero_stage {scale.zero_stage}) cannot leave an update out. Set "
            f"faults.non_finite=stop and faults.largest_grad_norm=false, or scale.zero_stage=0."
        )
