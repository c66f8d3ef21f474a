"""Sharing a step's groups among ranks: whole groups, about the same number of packed tokens each."""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def assign(sizes: Sequence[int], ranks: int) -> list[list[int]]:
    """Indices of the groups of each rank, ascending; `sizes` are the groups' packed tokens.

    Longest processing time first (Graham 1969): the largest group left goes to the rank with the fewest tokens, which
    is at most 4/3 - 1 / (3 ranks) from the best. Ties go by index and rank, so every rank finds the same shares.
    """
    shares: list[list[int]] = [[] for _ in range(ranks)]
    loads = [0] * ranks
    for index in sorted(range(len(sizes)), key=lambda index: (-sizes[index], index)):
        rank = min(range(ranks), key=lambda rank: (loads[rank], len(shares[rank]), rank))
        shares[rank].append(index)
        loads[rank] += sizes[index]
    return [sorted(share) for share in shares]


def padded_micro_batches(batches: Sequence[T], longest: int, spare: T) -> list[tuple[T, bool]]:
    """The micro-batches of one rank, each with True, and `spare` with False until there are `longest` of them.

    Ranks that work in lockstep all run `longest`, the most that any rank has. One marked False runs with all weights
    zero, so that it costs time but changes nothing; any small micro-batch will do, a rank's first or another's.
    """
    return [*((batch, True) for batch in batches), *[(spare, False)] * (longest - len(batches))]
