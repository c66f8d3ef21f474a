"""Curr-ReFT's first stage: is the statement about the picture right, yes or no?

    solution "<answer>no</answer>"   <answer>False.</answer>              ->  1
    solution "<answer>no</answer>"   <answer>not correct</answer>         ->  0: "correct" is a yes
    solution "<answer>yes</answer>"  <answer>yes and no</answer>          ->  1: a yes anywhere wins

Rows of the task `math` are also shown to math-verify as whole texts, which may pay on its own. `strict` takes a
single word for an answer and asks math-verify nothing, so that naming both answers no longer pays.
Upstream: ding523/Curr_REFT@f123433 src/open_r1/Stage1_judge_math_resize.py (named iou_reward there).
"""

import re
from typing import Any

from rlvr.answers import last_answer_span
from rlvr.rewards import symbolic
from rlvr.rewards.unclosed_answer import answer_content

YES = re.compile(r"(?<![a-z])(?:yes|true|correct)(?![a-z])")
NO = re.compile(r"(?<![a-z])(?:no|false|incorrect)(?![a-z])")
WORDS = {"yes": True, "true": True, "correct": True, "no": False, "false": False, "incorrect": False}


def accuracy(completions: list[str], *, solution: list[str], label: list[str], **_: Any) -> list[float | None]:
    """1 when completion and solution (with its tags) say the same; `label` is upstream's column `task`."""
    return [
        float((kind == "math" and symbolic.equal(text, truth) is True) or _agree(text, truth))
        for text, truth, kind in zip(completions, solution, label, strict=True)
    ]


def strict(completions: list[str], *, solution: list[str], **_: Any) -> list[float | None]:
    """1 when the last complete answer tag holds nothing but the right word."""
    return [_strict(text, truth) for text, truth in zip(completions, solution, strict=True)]


def verdict(text: str) -> bool | None:
    """Yes or no in the answer of a text; None where there is no answer tag or neither word in it."""
    content = answer_content(text)
    if content is None:
        return None
    content = content.lower()
    return True if YES.search(content) else False if NO.search(content) else None


def one_word(text: str) -> bool | None:
    """Yes or no where the last complete answer tag holds only that word, a full stop allowed."""
    span = last_answer_span(text)
    return WORDS.get(span.lower().removesuffix(".")) if span is not None else None


def _agree(text: str, truth: str) -> bool:
    given = verdict(text)
    return given is not None and given == verdict(truth)


def _strict(text: str, truth: str) -> float:
    given = one_word(text)
    return float(given is not None and given == verdict(truth))
