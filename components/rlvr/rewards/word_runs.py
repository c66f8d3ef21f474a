"""MMR1's repetition penalty: -0.5 times the share of runs of 40 words that occurred before.

Upstream: LengSicong/MMR1@d8161a0 verl/utils/reward_score/openr1_rewards_batch.py, after arXiv 2502.03373 App. C.2.
"""

from typing import Any

RUN = 40
"""Words a run."""

LARGEST = -0.5
"""Penalty of a text that says one run over and over."""


def repetition(completions: list[str], **_: Any) -> list[float | None]:
    """0 down to almost -0.5; 0 for texts of fewer than 40 words."""
    return [penalty(text) for text in completions]


def penalty(text: str, run: int = RUN, largest: float = LARGEST) -> float:
    """The penalty of one text; case does not matter."""
    words = text.lower().split()
    runs = [tuple(words[start : start + run]) for start in range(len(words) - run + 1)]
    return largest * (1 - len(set(runs)) / len(runs)) if runs else 0.0
