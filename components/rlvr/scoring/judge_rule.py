"""How a judge scores the replies to a benchmark whose publication lets a language model do so.

The rules of such a benchmark stand in for the judge offline, and its published figures are marked as judged. `rlvr
score --judge MODEL` asks a real one, in the publication's manner, and reports its score beside those of the rules.
"""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgeRule:
    """A judged benchmark's own way of asking."""

    score: Callable[..., list[float | None]]
    """`f(completions, *, judge, **columns)`: one score in [0, 1] a completion, None where no verdict could be had."""
    instructions: tuple[str, ...]
    """The system turns that the judge gets, for the record."""
