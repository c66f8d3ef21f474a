"""What a training stage does when something goes wrong that need not end it."""

from dataclasses import dataclass
from typing import Literal

from rlvr.errors import RlvrError


@dataclass(frozen=True, kw_only=True, slots=True)
class Faults:
    """Which faults end a stage and which are left out, noted and counted in its metrics.

    The defaults end the stage at all of them, so a stage that ends well has left out nothing.
    """

    non_finite: Literal["stop", "skip"] = "stop"
    """An update whose loss or gradient is not finite ends the stage, or is left out: weights and optimiser stay as they
    are, and the schedule goes on. DeepSpeed can only stop."""
    largest_grad_norm: float | None = None
    """Gradient norm before clipping above which an update counts as not finite; None sets no bound."""
    skipped_steps: int = 3
    """Steps in a row with an update left out at which the stage ends all the same."""
    reward: Literal["stop", "zero"] = "stop"
    """A reward that raises, takes too long or gives no finite number for a completion ends the stage, or counts as 0
    for it. One that does so for every completion of several ends the stage all the same."""
    reward_seconds: float | None = 120.0
    """Time that a reward has for a completion; None sets no limit. The completions of a batch that takes longer are
    tried one by one, and together again if none of them does. It interrupts Python code in the main thread. Rewards
    that ask a judge have the judge's limits."""
    unreadable: Literal["stop", "skip"] = "stop"
    """A row whose picture or video cannot be decoded ends the stage, or is left out of its step. (Drawing completions
    for shortest rejection sampling and DPO can only stop.)"""
    silent_steps: int | None = None
    """RL: steps in a row without a group that has two different rewards at which the stage ends; None never ends it."""
    damaged_checkpoint: Literal["stop", "older"] = "stop"
    """A newest checkpoint that does not verify ends the stage, or the one before it is gone on from, at last the
    stage's start."""
    checkpoints_kept: int = 1
    """Newest checkpoints that are kept while the stage goes on."""

    def __post_init__(self) -> None:
        for name in ("largest_grad_norm", "skipped_steps", "reward_seconds", "silent_steps", "checkpoints_kept"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise RlvrError(f"faults.{name} is {value}; it is above 0.")
