"""ChartQA's relaxed accuracy: numbers may be 5 per cent off, other answers must be the same text.

Masry et al. 2022 §5; years, too, count as numbers, as in the published rule. The strict rule allows no tolerance.
"""

from typing import Any

from rlvr.scoring.final_answer import final_answer, number, said_answer

TOLERANCE = 0.05
"""Relative difference that still counts as right."""


def published(completions: list[str], *, answer: list[str], **_: Any) -> list[float | None]:
    """The answer that is said, within the tolerance."""
    return [
        None if (said := said_answer(text)) is None else _score(said, truth, TOLERANCE)
        for text, truth in zip(completions, answer, strict=True)
    ]


def strict(completions: list[str], *, answer: list[str], **_: Any) -> list[float | None]:
    """The answer tag or box holds the number or the text itself."""
    return [
        None if (said := final_answer(text)) is None else _score(said, truth, 1e-9)
        for text, truth in zip(completions, answer, strict=True)
    ]


def _score(said: str, truth: str, tolerance: float) -> float:
    given, wanted = number(said), number(truth)
    if given is not None and wanted is not None:
        return float(abs(given - wanted) <= tolerance * abs(wanted))
    return float(said.strip().casefold() == truth.strip().casefold())
