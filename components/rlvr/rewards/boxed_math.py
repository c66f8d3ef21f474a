r"""MM-Eureka's accuracy reward of the pre-trained model: the last box of the reply against the gold.

    gold "0.5"   "... \boxed{\frac{1}{2}}"   ->  1
    gold "2"     "so 2"                      ->  0

The whole box is compared as text with the gold, then both are read by math-verify (words, LaTeX, expressions).
Upstream: ModalMinds/MM-EUREKA, branch internvl @ 129fc9e, reward_func_internvl_pretrain.py. A gold that cannot be read
pays nothing here, unlike in `tagged_math`.
"""

from collections.abc import Sequence
from typing import Any

from rlvr.boxed import box_spans
from rlvr.rewards import symbolic
from rlvr.rewards.tagged_math import REPLY


def last_box(
    completions: list[str], *, answer: list[str], truncated: Sequence[bool] | None = None, **_: Any
) -> list[float | None]:
    """1 when the last box agrees with the gold; 0 for truncated replies."""
    cut = truncated or [False] * len(completions)
    return [
        0.0 if ended else _score(last_outer_box(text), truth)
        for text, truth, ended in zip(completions, answer, cut, strict=True)
    ]


def strict(completions: list[str], *, answer: list[str], **_: Any) -> list[float | None]:
    """As `last_box`, but the box must follow the reasoning: nothing before the last closing think tag counts."""
    return [
        _score(last_outer_box(text.rpartition("</think>")[2]), truth)
        for text, truth in zip(completions, answer, strict=True)
    ]


def last_outer_box(text: str) -> str:
    r"""The last closed box that stands in no other one, with its `\boxed{` and `}`; empty when there is none."""
    found, reached = "", 0
    for start, end in box_spans(text):
        if start >= reached:
            found, reached = text[start - len(r"\boxed{") : end + 1], end
    return found


def _score(box: str, gold: str) -> float:
    return float(box == gold or symbolic.compare(box, gold, REPLY, REPLY, truth_first=True).equal)
