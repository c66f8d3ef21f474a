"""OCRBench's rule: the reply contains one of the answers. The publication counts points of 1,000; here it is a share.

    answers ["Centre"]     "It says CENTRE here."  ->  published 1, strict None    <answer>centre</answer>  ->  1

Of formulas all white space is left out and case counts. Rule: echo840/OCRBench, example.py.
"""

from typing import Any

from rlvr.answers import last_answer_span


def published(
    completions: list[str], *, references: list[list[str]], formula: list[bool], **_: Any
) -> list[float | None]:
    """An answer is part of the reply; None for an empty reply."""
    rows = zip(completions, references, formula, strict=True)
    return [
        float(any(_plain(answer, exact) in _plain(text, exact) for answer in answers)) if text.strip() else None
        for text, answers, exact in rows
    ]


def strict(completions: list[str], *, references: list[list[str]], formula: list[bool], **_: Any) -> list[float | None]:
    """The last complete answer tag is an answer; None without one, or with an empty one."""
    rows = zip(completions, references, formula, strict=True)
    return [
        float(_plain(span, exact) in [_plain(answer, exact) for answer in answers])
        if (span := last_answer_span(text))
        else None
        for text, answers, exact in rows
    ]


def _plain(text: str, formula: bool) -> str:
    return "".join(text.split()) if formula else " ".join(text.lower().split())
