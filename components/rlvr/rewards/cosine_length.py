"""VLM-R1's `length` reward (grpo_jsonl.py@90052f4): a cosine of the completion's length alone.

    0 tokens -> 1, 512 -> 0.75, 1024 -> 0.5, 2048 -> 1 again

Upstream hard-codes that every completion counts as correct and does not stop at 1024 tokens, so that very long
completions are rewarded again. `strict` stays at 0.5 from there on.
"""

import math
from typing import Any

PERIOD_TOKENS = 1024
LONGEST, SHORTEST = 0.5, 1.0
"""Reward at 1024 and at 0 tokens."""


def cosine(completions: list[str], *, tokens: list[int] | None = None, **_: Any) -> list[float | None]:
    """The cosine of the number of tokens; None where lengths are not known (outside training)."""
    return [None] * len(completions) if tokens is None else [_value(count) for count in tokens]


def strict(completions: list[str], *, tokens: list[int] | None = None, **_: Any) -> list[float | None]:
    """The same without the second rise."""
    return cosine(completions, tokens=None if tokens is None else [min(count, PERIOD_TOKENS) for count in tokens])


def _value(count: int) -> float:
    return SHORTEST - (SHORTEST - LONGEST) * (1 - math.cos(count * math.pi / PERIOD_TOKENS)) / 2
