"""Rows whose answer is an option's letter where there are options, and a mathematical value where there are none.

MathVerse, MathVision, OlympiadBench and K12 are of this kind. `options` are the options' texts, None or empty without.
"""

from typing import Any

from rlvr.datasets.choices import LETTERS
from rlvr.rewards import symbolic
from rlvr.scoring.final_answer import final_answer, number, option, said_answer


def published(
    completions: list[str], *, answer: list[str], options: list[list[str] | None], **_: Any
) -> list[float | None]:
    """The answer that is said (the publications ask a language model for it): letter, or the same mathematics."""
    return [
        None if (said := said_answer(text)) is None else _score(said, truth, choices) or 0.0
        for text, truth, choices in zip(completions, answer, options, strict=True)
    ]


def strict(
    completions: list[str], *, answer: list[str], options: list[list[str] | None], **_: Any
) -> list[float | None]:
    """The answer tag or box holds exactly the option's letter or text, or the value."""
    return [
        None if (said := final_answer(text)) is None else _score(said, truth, choices)
        for text, truth, choices in zip(completions, answer, options, strict=True)
    ]


def _score(said: str, truth: str, choices: list[str] | None) -> float | None:
    """1 right, 0 wrong, None when it is neither a letter nor a value."""
    if choices or (len(truth.strip()) == 1 and truth.strip() in LETTERS):
        chosen = option(said, choices)
        return None if chosen is None else float(LETTERS[chosen] == truth.strip().strip("().").upper())
    if said.casefold() == truth.strip().strip("$").casefold():
        return 1.0
    value, wanted = number(said), number(truth)
    if value is not None and wanted is not None:
        return float(abs(value - wanted) <= 1e-6 * max(1.0, abs(wanted)))
    same = symbolic.equal(f"${said}$", f"${truth.strip().strip('$')}$")
    return None if same is None else float(same)
