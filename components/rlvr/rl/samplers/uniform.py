"""Every row once an epoch."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rlvr.rl.samplers.orders import further, shuffled
from rlvr.rl.samplers.sampler import Outcome, Probe


@dataclass(frozen=True, kw_only=True, slots=True)
class UniformSampler:
    """Every row once an epoch, in an order that depends on the seed and the epoch alone.

    Rows of later attempts are drawn from all others and do not leave the epoch: they still come at their own place.
    """

    rows: int
    """Number of rows."""
    per_step: int
    """Rows a step."""
    seed: int
    """Seed of the order."""

    def indices(self, step: int, attempt: int = 0) -> list[int]:
        """Row numbers of step 0, 1, ...; a step may reach into the next epoch, and sets smaller than a step repeat."""
        first = step * self.per_step
        chosen: list[int] = []
        for position in range(first, first + self.per_step):
            epoch, offset = divmod(position, self.rows)
            chosen.append(shuffled(self.rows, self.seed, epoch)[offset])
        if not attempt:
            return chosen
        order = list(range(self.rows))
        random.Random(f"{self.seed} further {step}").shuffle(order)
        return further(order, chosen, self.per_step, attempt)

    def probe(self, step: int) -> Probe | None:
        """Nothing is measured."""
        return None

    def observe_probe(self, outcomes: Sequence[Outcome]) -> None:
        """Nothing is learnt."""

    def observe(self, outcomes: Sequence[Outcome]) -> None:
        """Nothing is learnt."""

    def state(self) -> dict[str, Any]:
        """There is none."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """There is none."""


def steps_of(epochs: float, steps: int | None, rows: int, per_step: int) -> int:
    """Optimiser steps of a stage: `steps` if given, else as many as `epochs` passes take (at least one)."""
    return steps if steps is not None else max(1, round(epochs * rows / per_step))
