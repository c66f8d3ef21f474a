"""Orders of rows that depend on nothing but their arguments, on every machine and Python alike."""

import math
import random
from collections.abc import Sequence
from functools import lru_cache


@lru_cache(maxsize=8)
def shuffled(rows: int, seed: int, epoch: int) -> list[int]:
    """The rows' numbers, each once, in an order of the epoch's own."""
    order = list(range(rows))
    random.Random(f"{seed} {epoch}").shuffle(order)
    return order


def weighted(weights: Sequence[float], key: str) -> list[int]:
    """The rows' numbers as if drawn one after another without replacement with probability proportional to `weights`.

    Rows of weight 0 come last, in uniform order. Source: exponential keys of Efraimidis and Spirakis (2006).
    """
    draw = random.Random(key)
    times = [-math.log1p(-draw.random()) for _ in weights]
    return sorted(range(len(weights)), key=lambda row: _arrival(times[row], weights[row]))


def _arrival(time: float, weight: float) -> tuple[bool, float]:
    return (False, time / weight) if weight > 0 else (True, time)


def further(order: Sequence[int], taken: Sequence[int], per_step: int, attempt: int) -> list[int]:
    """Rows of attempt 1, 2, ...: those of `order` that attempt 0 has not `taken`, in turn; then all rows again."""
    first = set(taken)
    cycle = [row for row in order if row not in first] + [row for row in order if row in first]
    start = (attempt - 1) * per_step
    return [cycle[position % len(cycle)] for position in range(start, start + per_step)]
