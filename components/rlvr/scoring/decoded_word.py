"""Answer rules of r1-vlm's single words, which upper and lower case do not tell apart.

Upstream publishes no evaluation of them, so `published` is its training rule on the first answer tag.
"""

from typing import Any

from rlvr.answers import answer_span, last_answer_span


def published(completions: list[str], *, decoded_message: list[str], **_: Any) -> list[float | None]:
    """Equality of the first complete answer tag, in upper case; quotes around the word make it wrong."""
    return [_equal(answer_span(text), truth) for text, truth in zip(completions, decoded_message, strict=True)]


def strict(completions: list[str], *, decoded_message: list[str], **_: Any) -> list[float | None]:
    """The same of the last complete answer tag."""
    return [_equal(last_answer_span(text), truth) for text, truth in zip(completions, decoded_message, strict=True)]


def _equal(given: str | None, truth: str) -> float | None:
    return None if given is None else float(given.upper() == truth)
