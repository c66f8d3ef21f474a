"""Curr-ReFT's second stage: which options are right?

    solution "<answer>A, B</answer>"   <answer>A and B</answer>   ->  1
    solution "<answer>A, B</answer>"   <answer>B, A</answer>      ->  0: the order counts
    solution "<answer>A, B</answer>"   <answer>A</answer>         ->  0 (the paper's 0.2 is in `partial_classes`)
    solution "<answer>B</answer>"      <answer>B: a dog</answer>  ->  0: the article is read as option A

Letters are A to E alone, capital or not. An answer without letters equals a solution without letters, whatever the two
say; `strict` asks for letters in the last complete answer tag and nothing else, in any order.
Upstream: ding523/Curr_REFT@f123433 src/open_r1/Stage2_choice_math_resize.py (named iou_reward there).
"""

import re
from typing import Any

from rlvr.answers import last_answer_span
from rlvr.rewards import symbolic
from rlvr.rewards.unclosed_answer import answer_content

LETTER = re.compile(r"(?<![A-Za-z])[A-E](?![A-Za-z])")
ONLY_LETTERS = re.compile(r"[A-Ea-e](?:[\s,;.]++[A-Ea-e])*+\.?")


def accuracy(completions: list[str], *, solution: list[str], **_: Any) -> list[float | None]:
    """1 for the solution's letters in its order; without any answer tag, 1 where math-verify finds the texts equal."""
    return [_accuracy(text, truth) for text, truth in zip(completions, solution, strict=True)]


def strict(completions: list[str], *, solution: list[str], **_: Any) -> list[float | None]:
    """1 when the last complete answer tag holds exactly the solution's letters."""
    return [_strict(text, truth) for text, truth in zip(completions, solution, strict=True)]


def letters(content: str | None) -> list[str] | None:
    """Distinct options in the content of an answer, in order; None where there is no content."""
    return None if content is None else list(dict.fromkeys(LETTER.findall(content.upper())))


def only_letters(text: str) -> set[str] | None:
    """Options of the last complete answer tag; None where it holds anything else."""
    span = last_answer_span(text)
    return set(letters(span) or ()) if span is not None and ONLY_LETTERS.fullmatch(span) else None


def _accuracy(text: str, truth: str) -> float:
    given = letters(answer_content(text))
    if given is None:
        return float(symbolic.equal(text, truth) is True)
    return float(given == letters(answer_content(truth)))


def _strict(text: str, truth: str) -> float:
    given = only_letters(text)
    return float(given is not None and given == set(letters(answer_content(truth)) or ()))
