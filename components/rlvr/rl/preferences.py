"""Which of a prompt's completions long2short prefers (Kimi k1.5 §2.4)."""

from collections.abc import Sequence
from dataclasses import dataclass


def shortest_correct(lengths: Sequence[int], correct: Sequence[bool]) -> int | None:
    """Index of the shortest correct completion, the first of equals; None where none is correct."""
    right = [index for index, good in enumerate(correct) if good]
    return min(right, key=lambda index: lengths[index]) if right else None


@dataclass(frozen=True, kw_only=True, slots=True)
class Preference:
    """The completions of one prompt that make pairs for direct preference optimisation."""

    chosen: int
    """Index of the shortest correct completion."""
    wrong: tuple[int, ...]
    """Rejected: wrong and longer than the chosen one."""
    long: tuple[int, ...]
    """Rejected: correct, but at least `ratio` times as long."""

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """(chosen, rejected) in order of the rejected."""
        return [(self.chosen, rejected) for rejected in sorted(self.wrong + self.long)]


def preference(lengths: Sequence[int], correct: Sequence[bool], ratio: float = 1.5) -> Preference | None:
    """Chosen and rejected completions of one prompt; None where none is correct.

    The report does not settle whether exactly `ratio` times is rejected; here it is.
    """
    chosen = shortest_correct(lengths, correct)
    if chosen is None:
        return None
    longer = [index for index, length in enumerate(lengths) if length > lengths[chosen]]
    return Preference(
        chosen=chosen,
        wrong=tuple(index for index in longer if not correct[index]),
        long=tuple(index for index in longer if correct[index] and lengths[index] >= ratio * lengths[chosen]),
    )
