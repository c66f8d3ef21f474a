"""Which rows a step trains on."""

import random
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, kw_only=True, slots=True)
class UniformSampler:
    """Every row once an epoch, in an order that depends on the seed and the epoch alone."""

    rows: int
    """Number of rows."""
    per_step: int
    """Rows a step."""
    seed: int
    """Seed of the order."""

    def indices(self, step: int) -> list[int]:
        """Row numbers of step 0, 1, ...; a step may reach into the next epoch, and sets smaller than a step repeat."""
        first = step * self.per_step
        chosen: list[int] = []
        for position in range(first, first + self.per_step):
            epoch, offset = divmod(position, self.rows)
            chosen.append(_order(self.rows, self.seed, epoch)[offset])
        return chosen


@lru_cache(maxsize=4)
def _order(rows: int, seed: int, epoch: int) -> list[int]:
    order = list(range(rows))
    random.Random(f"{seed} {epoch}").shuffle(order)
    return order


def steps_of(epochs: float, steps: int | None, rows: int, per_step: int) -> int:
    """Optimiser steps of a stage: `steps` if given, else as many as `epochs` passes take (at least one)."""
    return steps if steps is not None else max(1, round(epochs * rows / per_step))
