"""MathVista's answer rule: an answer is brought to the form of its type and then compared as text.

    multi_choice            the option named by letter or text; otherwise the nearest option by edit distance
    free_form, integer      "4.0" -> 4
    free_form, float        rounded to the row's precision
    free_form, text, list   as it stands

Upstream lets a language model find the answer in the reply; here `said_answer` does. Rule: lupantech/MathVista,
evaluation/calculate_score.py. `mm_eureka` is the stricter rule of VLMEvalKit, which MM-Eureka runs.
"""

import math
from typing import Any

from rlvr.datasets.choices import LETTERS
from rlvr.scoring.final_answer import final_answer, number, option, said_answer
from rlvr.scoring.inferred_option import inferred_option

FARTHEST = 256
"""Characters of an answer that are compared with the options."""


def published(
    completions: list[str],
    *,
    answer: list[str],
    options: list[list[str] | None],
    answer_type: list[str],
    precision: list[float | None],
    **_: Any,
) -> list[float | None]:
    """The answer in the form of its type, compared as text."""
    rows = zip(completions, answer, options, answer_type, precision, strict=True)
    return [
        None if (said := said_answer(text)) is None else float(_normal(said, choices, kind, digits) == truth.strip())
        for text, truth, choices, kind, digits in rows
    ]


def strict(
    completions: list[str],
    *,
    answer: list[str],
    options: list[list[str] | None],
    answer_type: list[str],
    precision: list[float | None],
    **_: Any,
) -> list[float | None]:
    """The answer tag or box holds exactly the option's letter or text, the number, or the text."""
    scores: list[float | None] = []
    for text, truth, choices, kind, digits in zip(completions, answer, options, answer_type, precision, strict=True):
        said = final_answer(text)
        if said is None:
            scores.append(None)
        elif choices:
            chosen = option(said, choices)
            scores.append(None if chosen is None else float(choices[chosen] == truth))
        elif kind in ("integer", "float"):
            value, wanted = number(said), number(truth)
            tolerance = 0.5 * 10 ** -(digits or 0) if kind == "float" else 1e-9
            scores.append(None if value is None else float(wanted is not None and abs(value - wanted) <= tolerance))
        else:
            scores.append(float(said.casefold() == truth.strip().casefold()))
    return scores


def mm_eureka(
    completions: list[str],
    *,
    answer: list[str],
    options: list[list[str] | None],
    answer_type: list[str],
    **_: Any,
) -> list[float | None]:
    """MM-Eureka's rule (VLMEvalKit) on the answer said; texts and lists are right only when the answer is "None"."""
    scores: list[float | None] = []
    for text, truth, choices, kind in zip(completions, answer, options, answer_type, strict=True):
        said = said_answer(text)
        scores.append(None if said is None else float(post_check(said, truth, choices, kind)))
    return scores


def post_check(said: str, truth: str, choices: list[str] | None, kind: str | None) -> bool:
    """VLMEvalKit's comparison of an extracted answer with a row's."""
    if choices is not None:
        return truth in choices and inferred_option(said, choices) == LETTERS[choices.index(truth)]
    if kind not in ("integer", "float"):
        return truth == "None"
    try:
        return (int(said) == int(truth)) if kind == "integer" else (float(said) == float(truth))
    except ValueError:
        return False


def _normal(said: str, choices: list[str] | None, kind: str, digits: float | None) -> str | None:
    if choices:
        chosen = option(said, choices)
        return choices[_nearest(said, choices) if chosen is None else chosen].strip()
    if kind not in ("integer", "float"):
        return said.strip()
    try:
        value = float(said)
        if not math.isfinite(value):
            return None
        return str(int(value)) if kind == "integer" else str(round(value, int(digits or 0)))
    except ValueError:
        return None


def _nearest(said: str, choices: list[str]) -> int:
    """The option with the smallest edit distance; the first one of equals."""
    return min(range(len(choices)), key=lambda place: _distance(said[:FARTHEST], choices[place][:FARTHEST]))


def _distance(one: str, other: str) -> int:
    """Levenshtein distance."""
    row = list(range(len(other) + 1))
    for number_above, left in enumerate(one, start=1):
        corner, row[0] = row[0], number_above
        for place, above in enumerate(other, start=1):
            corner, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, corner + (left != above))
    return row[-1]
