r"""The strict form of VL-Rethinker's rule: only the content of the last complete box counts, and it must be the answer.

    solution "\boxed{B}"    "... so \boxed{B}", "\boxed{(B)}", "\boxed{\text{B}}"   ->  1
    solution "\boxed{B}"    "... so \boxed{BCD}"                                    ->  0
    solution "\boxed{12}"   "\boxed{12} or \boxed{11}", "the answer is 12"          ->  0

A completion that was cut before its end token scores 0.
"""

import re
from typing import Any

from rlvr.boxed import last_boxed
from rlvr.rewards import symbolic

MAX_CHARACTERS = 4096
"""Longest content of a box that is read."""

LETTER = re.compile(r"\(?(?:\\(?:text|mathrm|mathbf)\{)?\(?([A-Z])\)?\}?\)?\.?")
"""One option letter, in brackets or LaTeX's text commands or bare."""


def correct(
    completions: list[str], *, solution: list[str], truncated: list[bool] | None = None, **_: Any
) -> list[float | None]:
    """1 when the last complete box holds the answer."""
    return [
        0.0 if cut else float(is_correct(text, truth) is True)
        for text, truth, cut in zip(completions, solution, truncated or [False] * len(completions), strict=True)
    ]


def is_correct(text: str, solution: str) -> bool | None:
    """Whether the last complete box of a text holds the answer; None where there is no box or nothing to read in it."""
    given, truth = last_boxed(text), last_boxed(solution) or solution
    if given is None or len(given) > MAX_CHARACTERS:
        return None
    if letter := LETTER.fullmatch(truth.strip()):
        match = LETTER.fullmatch(given.strip())
        return match is not None and match[1] == letter[1]
    return symbolic.equal(rf"\boxed{{{given}}}", rf"\boxed{{{truth}}}")
