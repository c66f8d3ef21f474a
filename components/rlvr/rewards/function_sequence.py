"""Reason-RFT's rewards for TRANCE: which functions turn the first picture into the second?

    solution  change_color(3, 'red'), change_size(1, 'small')
    answer    change_size(1, small)                               ->  1/2: one of two, quotes and order do not matter
    answer    change_color(3, red), change_color(3, red)          ->  1/4: one of two, half of it repetition

A function is `name(object, value)`. Both sides count each function once; with p given and s wanted, an exact one is
worth u / max(p, s), where u is the share of the given functions that are no repetitions. Functions that agree only in
part are paired off greedily in the order of the text (upstream: in the order of a Python set, which differs between
runs): name and object, then name and value, then the name alone.

| function | exact | name and object | name and value | name |
|---|---|---|---|---|
| `only_full` (the published runs) | 1 | - | - | - |
| `partial` | 1 | 0.5 | 0.5 | 0.25 |
| `penalised` | 1 | -0.25 | -0.25 | -0.5 |

Functions are read in the first answer tag, and in the whole text where there is none, so that naming them without tags
pays as well; `strict` reads the last complete answer tag, which must hold functions and nothing else.
Upstream: tanhuajie/Reason-RFT@d0a8070 train/stage_rl/reward.py; before 958a57d a tag had to be on one line.
"""

import re
from collections.abc import Callable
from typing import Any

from rlvr.answers import answer_span, last_answer_span, one_line_answer_span
from rlvr.rewards.exact_answer import Span

Function = tuple[str, str, str]
"""Name, object, value."""

FUNCTION = re.compile(r"(?<!\w)(\w++)\((\w++),\s*+'?(\w++)'?\)")
ONLY_FUNCTIONS = re.compile(r"\s*+(?:(?<!\w)\w++\(\w++,\s*+'?\w++'?\)[\s,;]*+)++")

PARTIAL = (0.5, 0.5, 0.25)
PENALTY = (-0.25, -0.25, -0.5)
"""Worth of an agreement in name and object, name and value, name alone."""

ALIKE: tuple[Callable[[Function], tuple[str, ...]], ...] = (
    lambda function: function[:2],
    lambda function: (function[0], function[2]),
    lambda function: function[:1],
)
"""What must agree, in the order in which pairs are made."""


def only_full(completions: list[str], *, solution: list[Any], **_: Any) -> list[float | None]:
    """Share of exact functions."""
    return [_reward(text, truth, ()) for text, truth in zip(completions, solution, strict=True)]


def partial(completions: list[str], *, solution: list[Any], **_: Any) -> list[float | None]:
    """Share of exact functions, and something for similar ones."""
    return [_reward(text, truth, PARTIAL) for text, truth in zip(completions, solution, strict=True)]


def penalised(completions: list[str], *, solution: list[Any], **_: Any) -> list[float | None]:
    """Share of exact functions, less something for merely similar ones."""
    return [_reward(text, truth, PENALTY) for text, truth in zip(completions, solution, strict=True)]


def only_full_one_line(completions: list[str], *, solution: list[Any], **_: Any) -> list[float | None]:
    """`only_full` before 958a57d."""
    return [_reward(text, truth, (), one_line_answer_span) for text, truth in zip(completions, solution, strict=True)]


def partial_one_line(completions: list[str], *, solution: list[Any], **_: Any) -> list[float | None]:
    """`partial` before 958a57d."""
    return [
        _reward(text, truth, PARTIAL, one_line_answer_span) for text, truth in zip(completions, solution, strict=True)
    ]


def penalised_one_line(completions: list[str], *, solution: list[Any], **_: Any) -> list[float | None]:
    """`penalised` before 958a57d."""
    return [
        _reward(text, truth, PENALTY, one_line_answer_span) for text, truth in zip(completions, solution, strict=True)
    ]


def strict(completions: list[str], *, solution: list[Any], **_: Any) -> list[float | None]:
    """`only_full` on the last complete answer tag; 0 where it holds anything else than functions."""
    return [_strict(text, truth) for text, truth in zip(completions, solution, strict=True)]


def functions(text: str) -> list[Function]:
    """All functions in a text, in order, repetitions included."""
    return FUNCTION.findall(text)


def worth(given: list[Function], wanted: list[Function], similar: tuple[float, ...]) -> float:
    """Sum over distinct functions: 1 for an exact one, `similar` for the three kinds of similar ones; not divided."""
    left, missing = list(dict.fromkeys(given)), list(dict.fromkeys(wanted))
    exact = set(left) & set(missing)
    total = float(len(exact))
    left, missing = [one for one in left if one not in exact], [one for one in missing if one not in exact]
    for alike, value in zip(ALIKE, similar, strict=False):
        pairs = 0
        for one in list(left):
            other = next((other for other in missing if alike(other) == alike(one)), None)
            if other is not None:
                left.remove(one)
                missing.remove(other)
                pairs += 1
        total += pairs * value
    return total


def _reward(text: str, truth: Any, similar: tuple[float, ...], span: Span = answer_span) -> float:
    if not isinstance(truth, str):
        return 0.0
    answer = span(text)
    given, wanted = functions(text if answer is None else answer), functions(truth)
    if not given or not wanted:
        return 0.0
    distinct = len(set(given))
    return worth(given, wanted, similar) * (distinct / len(given)) / max(distinct, len(set(wanted)))


def _strict(text: str, truth: Any) -> float:
    answer = last_answer_span(text)
    if answer is None or ONLY_FUNCTIONS.fullmatch(answer) is None:
        return 0.0
    return _reward(f"<answer>{answer}</answer>", truth, ())
