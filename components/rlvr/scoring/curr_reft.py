"""Answer rules of Curr-ReFT's benchmarks. `*_published` are its evaluation's own.

| rule | right when |
|---|---|
| `detection_published` | the last box of the answer, or else the first of the output, overlaps by more than a half |
| `refgta_published` | it does so with one of three boxes: of the picture, of the 0-1000 frame, of the shrunk picture |
| `classes_published` | all wanted classes are named; naming more costs nothing |
| `math_published` | equal mathematics, equal option letters (none equals none), or one text within the other |
| `number_published` | the number stands anywhere in the output, so "14" answers 4 |

Upstream: ding523/Curr_REFT@f123433 eval/muti_process_eval.py and eval/single_process_eval_for_refgta.py.
"""

import ast
from collections.abc import Sequence
from typing import Any

from rlvr.answers import answer_span, integer, last_answer_span
from rlvr.rewards import open_answer, symbolic
from rlvr.rewards.choice_letters import letters
from rlvr.rewards.last_box import BOX, EMPTY, Box, first_box, last_box, overlap
from rlvr.rewards.open_answer import HALF, solution_box, words
from rlvr.rewards.unclosed_answer import OPENING, answer_content, cut_answer

SHRUNK = 0.49
"""Overlap with RefGTA's shrunk box above which it counts."""

LONGEST_LIST = 10_000
"""Characters of a Python list in an answer that are read."""


def detection_published(completions: list[str], *, solution: list[str], **_: Any) -> list[float | None]:
    """1 for an overlap above a half with the solution's box."""
    return [_detection(text, solution_box(truth)) for text, truth in zip(completions, solution, strict=True)]


def detection_strict(completions: list[str], *, solution: list[str], **_: Any) -> list[float | None]:
    """The last complete answer tag must hold exactly one box, which overlaps by more than a half."""
    return [_detection_strict(text, truth) for text, truth in zip(completions, solution, strict=True)]


def refgta_published(
    completions: list[str],
    *,
    solution: list[Sequence[float]],
    normalized_solution: list[Sequence[float]],
    resize_solution: list[Sequence[float]],
    **_: Any,
) -> list[float | None]:
    """1 when the box fits any of the three published ones."""
    frames = zip(solution, normalized_solution, resize_solution, strict=True)
    return [_refgta(text, *map(_integers, boxes)) for text, boxes in zip(completions, frames, strict=True)]


def refgta_strict(completions: list[str], *, solution: list[Sequence[float]], **_: Any) -> list[float | None]:
    """As `detection_strict`, with the box of the picture itself."""
    tagged = [f"<answer>{list(_integers(box))}</answer>" for box in solution]
    return detection_strict(completions, solution=tagged)


def classes_published(completions: list[str], *, solution: list[str], **_: Any) -> list[float | None]:
    """1 when every wanted class is among the given ones."""
    return [_classes(text, truth) for text, truth in zip(completions, solution, strict=True)]


def classes_strict(completions: list[str], *, solution: list[str], **_: Any) -> list[float | None]:
    """1 when the last complete answer tag holds the wanted classes and no others."""
    spans = [last_answer_span(text) for text in completions]
    return [
        None if span is None else float(words(span) == words(answer_content(truth) or ""))
        for span, truth in zip(spans, solution, strict=True)
    ]


def math_published(completions: list[str], *, solution: list[str], **_: Any) -> list[float | None]:
    """1 for mathematics, letters or text that agree."""
    return [_math(text, truth) for text, truth in zip(completions, solution, strict=True)]


def math_strict(completions: list[str], *, solution: list[str], **_: Any) -> list[float | None]:
    """The last complete answer tag: the same option letters, else the same mathematics."""
    paid = open_answer.strict(completions, solution=solution, label=["math"] * len(completions))
    return [None if last_answer_span(text) is None else score for text, score in zip(completions, paid, strict=True)]


def number_published(completions: list[str], *, answer: list[str], **_: Any) -> list[float | None]:
    """1 when the number is part of the output."""
    return [float(truth in text) for text, truth in zip(completions, answer, strict=True)]


def number_strict(completions: list[str], *, answer: list[str], **_: Any) -> list[float | None]:
    """The last complete answer tag must hold exactly the number."""
    given = [integer(last_answer_span(text)) for text in completions]
    return [
        None if number is None else float(number == int(truth)) for number, truth in zip(given, answer, strict=True)
    ]


def read_box(text: str) -> Box | None:
    """The box that upstream reads in an output; None where it fails (no tag) or reads none."""
    if OPENING not in text:
        return None
    given = last_box(cut_answer(text))
    if given == EMPTY:
        given = first_box(text)
    return None if given == EMPTY else given


def _detection(text: str, wanted: Box | None) -> float | None:
    given = read_box(text)
    if given is None:
        return None
    return float(wanted is not None and overlap(given, wanted) > HALF)


def _detection_strict(text: str, truth: str) -> float | None:
    span, wanted = last_answer_span(text), solution_box(truth)
    if span is None or wanted is None or len(BOX.findall(span)) != 1:
        return None
    given = first_box(span)
    return None if given is None else float(overlap(given, wanted) > HALF)


def _refgta(text: str, picture: Box, normalized: Box, shrunk: Box) -> float | None:
    given = read_box(text)
    if given is None:
        return None
    return float(overlap(given, picture) > HALF or overlap(given, normalized) > HALF or overlap(given, shrunk) > SHRUNK)


def _integers(box: Sequence[float]) -> Box:
    x1, y1, x2, y2 = (int(value) for value in box)
    return x1, y1, x2, y2


def _classes(text: str, truth: str) -> float | None:
    span = answer_span(truth)
    given, wanted = _items(cut_answer(text)), _items(truth.strip() if span is None else span)
    return None if given is None or wanted is None else float(wanted <= given)


def _items(text: str) -> set[Any] | None:
    """Items of a Python list where there is a bracket, else words; None where Python cannot read the list."""
    if "[" not in text:
        return words(text)
    try:
        return set(ast.literal_eval(text)) if len(text) <= LONGEST_LIST else None
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None


def _math(text: str, truth: str) -> float:
    if symbolic.equal(text, truth) is True or truth in text:
        return 1.0
    given, wanted = answer_content(text), answer_content(truth)
    given, wanted = text.strip() if given is None else given, truth.strip() if wanted is None else wanted
    return float(letters(given) == letters(wanted) or wanted in given or given in wanted)
