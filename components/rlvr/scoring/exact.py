"""Answer rules of benchmarks with exact answers: an integer, or a list of digits.

Signature as for rewards, but a scorer tells three cases apart: 1 right, 0 wrong, None no answer could be read.
`*_published` is the publication's rule; `*_strict` reads the last complete answer tag, which must hold nothing else.
"""

import re
from typing import Any

from rlvr.answers import answer_span, digits_only_answer, integer, last_answer_span, sliced_answer
from rlvr.rewards import digits

DIGIT_LIST = re.compile(r"\[\s*+(?:\d\s*+(?:,\s*+\d\s*+)*+)?\]", re.ASCII)
"""A list of single digits in brackets."""


def superclevr_published(completions: list[str], *, answer: list[str], **_: Any) -> list[float | None]:
    """R1-V's counting rule: the first answer tag with nothing but digits and white space, compared as an integer."""
    return [_equal_digits(digits_only_answer(text), truth) for text, truth in zip(completions, answer, strict=True)]


def strict_integer(completions: list[str], *, answer: list[str], **_: Any) -> list[float | None]:
    """The last complete answer tag must hold exactly one integer."""
    return [_strict_integer(text, truth) for text, truth in zip(completions, answer, strict=True)]


def digits_published(
    completions: list[str], *, answer: list[str], answer_kind: list[str], **_: Any
) -> list[float | None]:
    """r1-vlm's training rule on the first answer tag (it publishes no other)."""
    spans = [answer_span(text) for text in completions]
    return [
        None if span is None else digits.score(span, truth, kind)
        for span, truth, kind in zip(spans, answer, answer_kind, strict=True)
    ]


def digits_strict(completions: list[str], *, answer: list[str], answer_kind: list[str], **_: Any) -> list[float | None]:
    """The last complete answer tag must hold exactly the list in brackets, or exactly one integer."""
    return [
        _strict_list(text, truth) if kind == "digit_list" else _strict_integer(text, truth)
        for text, truth, kind in zip(completions, answer, answer_kind, strict=True)
    ]


def message_published(completions: list[str], *, decoded_message: list[str], **_: Any) -> list[float | None]:
    """r1-vlm's evaluation of message decoding: equality of the answer, whatever the chars block says."""
    return [
        float(sliced_answer(text) == truth) if "<answer>" in text and "</answer>" in text else None
        for text, truth in zip(completions, decoded_message, strict=True)
    ]


def message_strict(completions: list[str], *, decoded_message: list[str], **_: Any) -> list[float | None]:
    """Equality of the last complete answer tag with the message."""
    spans = [last_answer_span(text) for text in completions]
    return [None if span is None else float(span == truth) for span, truth in zip(spans, decoded_message, strict=True)]


def _equal_digits(given: str | None, truth: str) -> float | None:
    if given is None:
        return None
    # Python refuses to read thousands of digits as a number; no answer has that many.
    return float(len(given) <= 1000 and int(given) == int(truth))


def _strict_integer(text: str, truth: str) -> float | None:
    given = integer(last_answer_span(text))
    return None if given is None else float(given == int(truth))


def _strict_list(text: str, truth: str) -> float | None:
    span = last_answer_span(text)
    if span is None or DIGIT_LIST.fullmatch(span) is None:
        return None
    return float(re.findall("[0-9]", span) == re.findall("[0-9]", truth))
