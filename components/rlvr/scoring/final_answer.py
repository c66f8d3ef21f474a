r"""The one short answer of a reply, for benchmarks whose publications let a language model find it.

    "... <answer>$\boxed{4}$</answer>"   final_answer -> "4"
    "So the answer is (B)."              final_answer -> None    said_answer -> "(B)"

Benchmarks with integers alone or boxes have rules of their own.
"""

import math
import re

from rlvr.answers import last_answer_span
from rlvr.boxed import last_boxed
from rlvr.datasets.choices import LETTERS

SHORT = 64
"""Longest reply, in characters, that is taken for an answer as a whole."""

_WORDS = re.compile(r"\\(?:text|textbf|mathrm|mathbf)\{([^{}]*+)\}")
_SAID = re.compile(r"answer(?:\s+is|\s*:)", re.IGNORECASE)
_LETTER = re.compile(r"\(?([A-Za-z])(?:[).:](?:\s.*)?)?", re.DOTALL)
_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d{1,30})?(?:\.\d{0,30})?", re.ASCII)


def final_answer(text: str) -> str | None:
    """Content of the last complete answer tag, or else of the last closed box, without dollars or LaTeX text around it.

    A box inside the tag is opened.
    """
    span = last_answer_span(text)
    return _bare(text if span is None else span, boxed=span is None)


def said_answer(text: str) -> str | None:
    """As `final_answer`; failing that, what follows the last "answer is" on its line, or a short reply as a whole."""
    if (found := final_answer(text)) is not None:
        return found
    ends = [said.end() for said in _SAID.finditer(text)]
    if ends:
        return text[ends[-1] :].strip().partition("\n")[0].strip("*$ .") or None
    short = text.strip()
    return short if 0 < len(short) <= SHORT and last_answer_span(text) is None else None


def option(answer: str, choices: list[str] | None) -> int | None:
    """Number of the option that an answer names by its letter ("B", "(b)", "B. 5") or by its whole text."""
    texts = [" ".join(choice.casefold().split()) for choice in choices or ()]
    stripped = answer.strip()
    if (same := " ".join(stripped.casefold().split())) in texts:
        return texts.index(same)
    match = _LETTER.fullmatch(stripped)
    place = LETTERS.index(match[1].upper()) if match else len(LETTERS)
    return place if place < (len(texts) or len(LETTERS)) else None


def number(text: str) -> float | None:
    """The decimal number that the text consists of, a percent sign or a degree sign aside; None for anything else."""
    plain = text.strip().rstrip("%°").removesuffix("\\").strip()
    match = _NUMBER.fullmatch(plain)
    if match is None or not any(character.isdigit() for character in plain):
        return None
    value = float(plain.replace(",", ""))
    return value if math.isfinite(value) else None


def _bare(text: str, *, boxed: bool) -> str | None:
    """Content of the last box of `text`; without one the text itself, unless a box is required."""
    inside = last_boxed(text)
    if inside is None and boxed:
        return None
    plain = (text if inside is None else inside).strip().strip("$").strip()
    words = _WORDS.fullmatch(plain)
    return (words[1].strip() if words else plain) or None
