"""Answer rules of benchmarks with mathematical answers, such as GeoQA's "140°": 1 right, 0 wrong, None unreadable."""

from typing import Any

from rlvr.answers import last_answer_span
from rlvr.rewards import symbolic


def geoqa_published(completions: list[str], *, answer: list[str], **_: Any) -> list[float | None]:
    """R1-V's geometry rule: math-verify on the whole output against the ground truth."""
    return [_score(text, truth) for text, truth in zip(completions, answer, strict=True)]


def geoqa_strict(completions: list[str], *, answer: list[str], **_: Any) -> list[float | None]:
    """math-verify on the content of the last complete answer tag alone."""
    spans = [last_answer_span(text) for text in completions]
    return [None if span is None else _score(span, truth) for span, truth in zip(spans, answer, strict=True)]


def _score(given: str, truth: str) -> float | None:
    same = symbolic.equal(given, truth)
    return None if same is None else float(same)
