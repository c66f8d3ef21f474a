"""Answers that are yes or no.

    truth "yes":   <answer>Yes.</answer>  ->  1    "... so the caption is true."  ->  published 1, strict None

`published` reads the answer wherever the reply says it; the reports that use it publish no script of their own.
"""

import re
from typing import Any

from rlvr.answers import last_answer_span
from rlvr.scoring.final_answer import said_answer

_WORD = re.compile(r"\b(?:yes|no|true|false)\b", re.IGNORECASE)
_MEANING = {"yes": "yes", "true": "yes", "no": "no", "false": "no"}


def published(completions: list[str], *, answer: list[str], **_: Any) -> list[float | None]:
    """The last yes, no, true or false of the answer that is said; of the whole reply where none is said."""
    return [_score(_last(said_answer(text) or text), truth) for text, truth in zip(completions, answer, strict=True)]


def strict(completions: list[str], *, answer: list[str], **_: Any) -> list[float | None]:
    """The last complete answer tag holds one of these words and nothing else but a dot; the case is free."""
    spans = [(last_answer_span(text) or "").lower().removesuffix(".") for text in completions]
    return [_score(_MEANING.get(span), truth) for span, truth in zip(spans, answer, strict=True)]


def _last(text: str) -> str | None:
    words = _WORD.findall(text)
    return _MEANING[words[-1].lower()] if words else None


def _score(said: str | None, truth: str) -> float | None:
    return None if said is None else float(said == truth)
