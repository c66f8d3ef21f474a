"""VideoChat-R1's temporal grounding: overlap of a span written as `12.00 to 20.50` with the true one, in seconds.

    span_seconds [10, 20]   <answer>12.00 to 20.00</answer>   ->  0.8
    span_seconds [10, 20]   <answer>30 to 40</answer>         ->  0

Read is the last `NUMBER to NUMBER` or `NUMBER and NUMBER` of the last answer block (single spaces, no sign, no unit).
Overlap is divided by the hull of both spans, which for spans that overlap is their union.
Upstream: OpenGVLab/VideoChat-R1@73b2ea9 src/open_r1/grpo_tasks.py and grpo_tg.py. What is called `strict` is ours.
"""

import math
import re
from collections import deque
from typing import Any

from rlvr.answers import last_answer_span
from rlvr.spans import between

Span = tuple[float, float]
"""Start and end, in seconds."""

PAIR = re.compile(r"(?<!\d)(\d++\.?+\d*+) (?:to|and) (\d++\.?+\d*+)")
"""Two numbers; possessive, so that a run of digits is read once. What follows a number is never part of it."""
PAIR_ANY_CASE = re.compile(PAIR.pattern, re.IGNORECASE)
STRICT = re.compile(r"(\d++(?:\.\d++)?+) to (\d++(?:\.\d++)?+)", re.ASCII)


def iou(completions: list[str], *, span_seconds: list[list[float] | None], **_: Any) -> list[float | None]:
    """Joint training: any order of the two numbers; None where both spans together have no length.

    Upstream gives such a completion the score of the one before it, or fails when there is none.
    """
    return [_scored(text, truth, ordered=False) for text, truth in zip(completions, span_seconds, strict=True)]


def iou_ordered(completions: list[str], *, span_seconds: list[list[float] | None], **_: Any) -> list[float | None]:
    """Grounding alone: 0 where the start is behind the end, 1 where both spans are the same point."""
    return [_scored(text, truth, ordered=True) for text, truth in zip(completions, span_seconds, strict=True)]


def strict(completions: list[str], *, span_seconds: list[list[float] | None], **_: Any) -> list[float | None]:
    """The last complete answer block must hold `NUMBER to NUMBER` in order and nothing else."""
    return [
        None if truth is None else overlap(strict_span(text), (truth[0], truth[1])) or 0.0
        for text, truth in zip(completions, span_seconds, strict=True)
    ]


def _scored(text: str, truth: list[float] | None, *, ordered: bool) -> float | None:
    if truth is None:
        return None
    given = trained_span(text)
    if given is None or (ordered and given[0] > given[1]):
        return 0.0
    score = overlap(given, (truth[0], truth[1]))
    return 1.0 if score is None and ordered else score


def trained_span(text: str) -> Span | None:
    """The span that upstream's training reads; None when there is none."""
    block = last_block(text)
    return None if block is None else last_pair(block, PAIR_ANY_CASE)


def strict_span(text: str) -> Span | None:
    """The span that the last answer consists of, in order; None for anything else."""
    match = STRICT.fullmatch(last_answer_span(text) or "")
    span = (float(match[1]), float(match[2])) if match else None
    return span if span and span[0] <= span[1] else None


def last_pair(text: str, pattern: re.Pattern[str] = PAIR) -> Span | None:
    """The last pair of numbers in the text, found from left to right without overlap."""
    last = deque(pattern.finditer(text), maxlen=1)
    return (float(last[0][1]), float(last[0][2])) if last else None


def last_block(text: str) -> str | None:
    """Content of the last answer block, blocks being taken from left to right."""
    last = deque(between(text, "<answer>", "</answer>"), maxlen=1)
    return last[0] if last else None


def overlap(given: Span | None, truth: Span) -> float | None:
    """Common length over hull, 0 for no span; None where the hull has no length (or none that is finite)."""
    if given is None:
        return 0.0
    hull = max(given[1], truth[1]) - min(given[0], truth[0])
    common = max(0.0, min(given[1], truth[1]) - max(given[0], truth[0]))
    return common / hull if hull > 0 and math.isfinite(common) else None
