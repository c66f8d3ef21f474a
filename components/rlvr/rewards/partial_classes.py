"""Curr-ReFT's older reward for lists of classes: 1 for the same words, 0.2 for some of them, else 0.

It carries the partial credit that the paper describes for its second stage and that none of the three stages has.
Upstream: ding523/Curr_REFT@f123433 src/open_r1/grpo_rec_v0_5_hard_reward.py.
"""

from typing import Any

from rlvr.answers import answer_span
from rlvr.rewards.open_answer import words
from rlvr.rewards.unclosed_answer import cut_answer

SOME = 0.2


def classes(completions: list[str], *, solution: list[str], **_: Any) -> list[float | None]:
    """0, 0.2 or 1 for the words of the answer against those of the solution's tag; the order does not matter."""
    return [
        _score(words(cut_answer(text)), answer_span(truth)) for text, truth in zip(completions, solution, strict=True)
    ]


def _score(given: set[str], truth: str | None) -> float:
    wanted = words(truth or "")
    if not given or not wanted:
        return 0.0
    return 1.0 if given == wanted else SOME if given & wanted else 0.0
