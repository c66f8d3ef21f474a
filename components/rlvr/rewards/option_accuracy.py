r"""VisualThinker-R1-Zero's accuracy reward: R1-V's (mathematics or equal text), or an option letter that stands alone.

    solution "<answer>left</answer>"   completion "... <answer>left</answer>"        ->  1, by equal text
    solution "<answer>B</answer>"      completion "... <answer>A or B</answer>"      ->  1, the last letter alone
    solution "<answer>A</answer>"      completion "... <answer>A chair</answer>"     ->  1, an article as a letter

Upstream: turningpoint-ai/VisualThinker-R1-Zero@cd71978 src/open-r1-multimodal/src/open_r1/grpo.py.
"""

import re
from typing import Any

from rlvr.answers import last_answer_span, one_line_answer_span
from rlvr.rewards import math_accuracy

LETTER = re.compile(r"(?:^|[\s\[(])([A-H])(?:[\s\])]|$)")
"""A capital from A to H between white space, brackets or the ends. A separator belongs to one letter alone, so of
"A B" only the A is found, as upstream's pattern finds it."""


def accuracy(completions: list[str], *, solution: list[str], **_: Any) -> list[float | None]:
    """1 when completion and solution agree symbolically, word for word, or by the last lone letter of the answer."""
    same = math_accuracy.accuracy(completions, solution=solution)
    return [
        float(score == 1 or _last_letter(_answer(text)) == _answer(truth))
        for score, text, truth in zip(same, completions, solution, strict=True)
    ]


def strict(completions: list[str], *, solution: list[str], **_: Any) -> list[float | None]:
    """1 when the last complete answer tag holds exactly the solution's text: nothing is earned outside the tags."""
    return [float(last_answer_span(text) == _answer(truth)) for text, truth in zip(completions, solution, strict=True)]


def _answer(text: str) -> str:
    """Content of the first answer tag on one line, or the whole text; stripped."""
    body = one_line_answer_span(text)
    return text.strip() if body is None else body


def _last_letter(text: str) -> str | None:
    letters = LETTER.findall(text)
    return letters[-1] if letters else None
