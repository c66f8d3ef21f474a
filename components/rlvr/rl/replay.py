"""Selective sample replay (VL-Rethinker, arXiv 2504.08837 §3.1; TIGER-AI-Lab/VL-Rethinker, replay_buffer.py).

"No advantage" is exact equality with 0, as upstream.
"""

import random
from collections import deque
from collections.abc import Sequence
from itertools import chain
from typing import Generic, Protocol, TypeVar

from rlvr.training import Replay

EASY_REWARD = 0.95
"""Rows without advantage whose reward is above this count as all-correct."""

OFFSET = 1e-4
"""What the code form adds to |A| before it normalises."""


class Replayable(Protocol):
    """What replay must know of a row; the rest of it is the trainer's."""

    @property
    def advantage(self) -> float:
        """Its advantage."""

    @property
    def reward(self) -> float:
        """Its total reward."""


Item = TypeVar("Item", bound=Replayable)


class Draw:
    """Randomness of one refill."""

    def __init__(self, key: str) -> None:
        self.random = random.Random(key)

    def shuffle(self, items: list[Item]) -> None:
        """Into random order, in place."""
        self.random.shuffle(items)

    def choice(self, items: Sequence[Item], size: int, p: Sequence[float]) -> list[Item]:
        """`size` of the items with replacement, with probabilities `p`."""
        return self.random.choices(items, p, k=size)


def probabilities(advantages: Sequence[float], alpha: float = 1.0, offset: float = 0.0) -> list[float] | None:
    """p_j = (|A_j|^alpha + offset) / sum, where |0|^alpha is 0 for every alpha; None when the sum is 0."""
    weights = [(abs(value) ** alpha if value else 0.0) + offset for value in advantages]
    whole = sum(weights)
    return [weight / whole for weight in weights] if whole > 0 else None


def select(items: Sequence[Item], size: int, draw: Draw, alpha: float = 1.0, offset: float = 0.0) -> list[Item]:
    """`size` rows with replacement by `probabilities`; none where no row has an advantage to go by."""
    p = probabilities([item.advantage for item in items], alpha, offset)
    return draw.choice(items, size, p) if p else []


def fill(items: Sequence[Item], size: int, draw: Draw, alpha: float = 1.0, offset: float = OFFSET) -> list[Item]:
    """`size` rows: all items again and again while more are missing than there are, then a draw for the remainder.

    Nothing to draw from gives nothing (upstream's loop does not end).
    """
    if size <= 0 or not items:
        return []
    repeats = (size - 1) // len(items)
    return [*items] * repeats + select(items, size - repeats * len(items), draw, alpha, offset)


def refill(
    items: Sequence[Item],
    kept: Sequence[Item],
    total: int,
    draw: Draw,
    *,
    easy_fraction: float = 0.1,
    alpha: float = 1.0,
    offset: float = OFFSET,
    resampled: bool = True,
) -> list[Item]:
    """The code form: rows drawn from the step's own, then kept ones until there are `total`.

    The step's own are those with an advantage and, for each of them, `easy_fraction` all-correct ones; at most half
    the batch is drawn. `kept` already holds this step's rows. Defaults are upstream's @ 4afedcd with total =
    len(items); @ 19b42c2 did not resample the step's own; HEAD (dd2c17d, where nothing calls it) halves the total and
    draws the step's own without `offset`.
    """
    own = [item for item in items if item.advantage]
    easy = [item for item in items if not item.advantage and item.reward > EASY_REWARD]
    draw.shuffle(own)
    own += easy[: int(easy_fraction * len(own))]
    own = own[:total]
    if resampled:
        own = select(own, min(len(items) // 2, len(own)), draw, alpha, offset)
    return own + fill(kept, total - len(own), draw, alpha)


class ReplayBuffer(Generic[Item]):
    """Rows with an advantage, kept over steps, from which each update is refilled.

    `paper`: the buffer holds all of them since the last `clear_every` boundary; `code`: the newest ones, at most half a
    batch. A refill depends on the seed, the step, the rows and `items()` alone.
    """

    def __init__(self, settings: Replay, seed: int) -> None:
        self.settings, self.seed = settings, seed
        self.kept: list[Item] = []

    def refill(self, step: int, items: Sequence[Item]) -> list[Item]:
        """The rows of the update, as many as `items` and possibly repeated.

        Empty where neither `items` nor the buffer hold a row with an advantage, fewer than `items` where half a batch
        rounds to no row at all; upstream does not return from either.
        """
        settings, draw = self.settings, Draw(f"{self.seed} replay {step}")
        self.keep(step, items)
        if settings.form == "paper":
            return select(self.kept, len(items), draw, settings.alpha)
        return refill(items, self.kept, len(items), draw, easy_fraction=settings.easy_fraction, alpha=settings.alpha)

    def keep(self, step: int, items: Sequence[Item]) -> None:
        """Take in what has an advantage, and let go of what is too old."""
        if not items:
            return
        new = [item for item in items if item.advantage]
        if self.settings.form == "paper":
            self.kept = [*(self.kept if step % self.settings.clear_every else []), *new]
        else:
            self.kept = list(deque(chain(self.kept, new), maxlen=len(items) // 2))

    def items(self) -> list[Item]:
        """What the buffer holds, oldest first."""
        return list(self.kept)

    def restore(self, items: Sequence[Item]) -> None:
        """Go on from what `items` gave."""
        self.kept = list(items)
