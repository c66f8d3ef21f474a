"""VLM-R1's `mcq`: the letter of a multiple-choice answer (grpo_jsonl.py@90052f4).

    "The answer is B."  ->  B        "(A)"  ->  none        "A, B, C, D."  ->  D, for it stands last

A letter is a capital (everything is put into capitals first) without a capital before it that is followed by
punctuation or the end. Of several letters the one with the most points wins, the earliest of equals. Each occurrence
gives its letter the points of the letter's FIRST appearance in the text, be it inside a word.
"""

import re
from collections import Counter
from typing import Any

from rlvr.answers import answer_span, last_answer_span, one_line_answer_span

LETTER = re.compile(r"(?<![A-Z])[A-Z](?=[.,?!:;]|$)")
SPACE = re.compile(r"\s+")
STRICT = re.compile(r"\(?([A-Z])\)?\.?", re.IGNORECASE)
"""A letter alone, brackets and a final dot allowed."""

KEYWORDS = (
    *("ANSWER", "CORRECT", "CHOOSE", "SELECT", "RIGHT", "THINK", "BELIEVE", "SHOULD"),
    *("答案", "选择", "正确", "是", "对", "认为", "应该", "觉得"),
)
"""A point for each that stands within `CONTEXT` characters."""

CONTEXT = 20
LATE = 0.7
"""Two points for a letter behind this share of the text."""

ENDINGS = "。.!！,，"
"""A point for a letter that one of these follows."""


def mcq(completions: list[str], *, solution: list[str], **_: Any) -> list[float | None]:
    """1 when the first answer tag (or the whole text) has the letter of the truth."""
    return [_score(text, truth) for text, truth in zip(completions, solution, strict=True)]


def strict(completions: list[str], *, solution: list[str], **_: Any) -> list[float | None]:
    """1 when the last answer tag is the truth's letter and nothing else."""
    given = [STRICT.fullmatch(last_answer_span(text) or "") for text in completions]
    wanted = [STRICT.fullmatch(last_answer_span(truth) or truth.strip()) for truth in solution]
    return [
        None if letter is None else float(found is not None and found[1].upper() == letter[1].upper())
        for found, letter in zip(given, wanted, strict=True)
    ]


def chosen(text: str) -> str | None:
    """The letter that a text settles on; None when there is none."""
    text = SPACE.sub(" ", text.upper())
    counts: Counter[str] = Counter(LETTER.findall(text))
    if len(counts) < 2:
        return next(iter(counts), None)
    points = {letter: times * _points(letter, text) for letter, times in counts.items()}
    return max(points, key=lambda letter: points[letter])


def _points(letter: str, text: str) -> int:
    place = text.find(letter)
    context = text[max(0, place - CONTEXT) : place + CONTEXT]
    late = 2 * (place > len(text) * LATE)
    ended = place < len(text) - 1 and text[place + 1] in ENDINGS
    return sum(word in context for word in KEYWORDS) + late + ended


def _score(text: str, truth: str) -> float:
    one_line = one_line_answer_span(truth)
    wanted = chosen(truth.strip() if one_line is None else one_line)
    span = answer_span(text)
    given = chosen(text.strip() if span is None else span)
    return float(given is not None and given == (wanted or truth.strip()))
