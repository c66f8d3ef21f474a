"""LogicVista's answers: one option letter, or several ("A, C"), whose order does not matter.

Upstream lets a language model find the letters in the reply; here `said_answer` does. The strict rule asks for nothing
but letters in the answer tag or box.
"""

import re
from typing import Any

from rlvr.scoring.final_answer import final_answer, said_answer

_LETTERS = re.compile(r"\(?[A-Ia-i]\)?\.?(?:\s*(?:,|and|\s)\s*\(?[A-Ia-i]\)?\.?)*+")
_WORDS = re.compile(r"(?<![A-Za-z])[A-I](?![A-Za-z])")


def published(completions: list[str], *, answer: list[str], **_: Any) -> list[float | None]:
    """The capital letters A to I that stand alone in the answer that is said."""
    scores: list[float | None] = []
    for text, truth in zip(completions, answer, strict=True):
        named = set(_WORDS.findall(said_answer(text) or ""))
        scores.append(float(named == set(_WORDS.findall(truth.upper()))) if named else None)
    return scores


def strict(completions: list[str], *, answer: list[str], **_: Any) -> list[float | None]:
    """The answer tag or box holds exactly the letters."""
    scores: list[float | None] = []
    for text, truth in zip(completions, answer, strict=True):
        said = final_answer(text)
        if said is None or not _LETTERS.fullmatch(said[:64]):
            scores.append(None)
        else:
            scores.append(float(set(re.findall("[A-I]", said.upper())) == set(_WORDS.findall(truth.upper()))))
    return scores
