"""Answer rules of the CLEVR-CoGenT validation parts, whose answers are numbers and words."""

from typing import Any

from rlvr.answers import last_answer_span, one_line_answer_span
from rlvr.rewards import math_accuracy


def published(completions: list[str], *, solution: list[str], **_: Any) -> list[float | None]:
    """R1-V's training rule; it publishes no other for these parts. None for a wrong reply without an answer tag."""
    scores = math_accuracy.accuracy(completions, solution=solution)
    return [
        None if score == 0 and one_line_answer_span(text) is None else score
        for text, score in zip(completions, scores, strict=True)
    ]


def strict(completions: list[str], *, answer: list[str], **_: Any) -> list[float | None]:
    """The last complete answer tag holds exactly the answer; the case is free."""
    spans = [last_answer_span(text) for text in completions]
    return [
        None if span is None else float(span.casefold() == truth.casefold())
        for span, truth in zip(spans, answer, strict=True)
    ]
