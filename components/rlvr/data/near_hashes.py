"""Pairs of 64-bit hashes that differ in few bits, found by comparing all with all in tiles that fit a cache.

Seventy thousand against twenty thousand hashes take seconds, so no index is needed below a million. Memory is bounded:
when more pairs come up than may be kept, those that differ most are given up and the result says how far it goes.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOST_BITS = 8
"""Copies differ in at most this many bits, but for one drawing in hundreds; measured on photographs, drawings and
rendered scenes, re-encoded, resized to a half and both."""
MOST_PAIRS = 10_000_000
"""Pairs that are kept, at 9 bytes each."""

_ROWS, _COLUMNS = 64, 4096


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidates:
    """Pairs of near hashes, by rising place in the first list, then in the second."""

    first: NDArray[np.int32]
    """Places in the first list."""
    second: NDArray[np.int32]
    """Places in the second list (within one list: the later one of the pair)."""
    bits: NDArray[np.uint8]
    """Bits in which the two hashes differ."""
    complete_to_bits: int
    """Every pair that differs in at most this many bits is here; -1 if not even all equal hashes are."""


def candidates(
    first: NDArray[np.uint64], second: NDArray[np.uint64] | None = None, most_pairs: int = MOST_PAIRS
) -> Candidates:
    """Pairs between two lists of hashes, or within one, that differ in at most `MOST_BITS` bits."""
    limit, count = MOST_BITS, 0
    found: list[tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.uint8]]] = []
    for top, left, bits in _tiles(first, second):
        places = np.flatnonzero(bits <= limit)
        rows, columns = np.divmod(places, bits.shape[1])
        if second is None:
            later = columns + left > rows + top
            rows, columns, places = rows[later], columns[later], places[later]
        if not len(rows):
            continue
        kept = bits.reshape(-1)[places]
        found.append(((rows + top).astype(np.int32), (columns + left).astype(np.int32), kept))
        count += len(kept)
        if count > most_pairs:
            found, limit, count = _nearest(found, limit, most_pairs)
            if limit < 0:
                break
    joined = [np.concatenate(parts) for parts in zip(*found, strict=True)] if found else None
    one, other, bits = joined or (np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.uint8))
    order = np.lexsort((other, one))
    return Candidates(first=one[order], second=other[order], bits=bits[order], complete_to_bits=limit)


def _tiles(
    first: NDArray[np.uint64], second: NDArray[np.uint64] | None
) -> Iterator[tuple[int, int, NDArray[np.uint8]]]:
    """Top, left and differing bits of every tile; within one list those that lie below the diagonal are left out."""
    others = first if second is None else second
    for top in range(0, len(first), _ROWS):
        part = first[top : top + _ROWS, None]
        for left in range(0, len(others), _COLUMNS):
            if second is None and left + _COLUMNS <= top:
                continue
            yield top, left, np.bitwise_count(part ^ others[None, left : left + _COLUMNS])


def _nearest(
    found: list[tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.uint8]]], limit: int, most: int
) -> tuple[list[tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.uint8]]], int, int]:
    """The pairs up to the largest limit below `limit` that keeps at most `most`; the first ones when none does."""
    first, second, bits = (np.concatenate(parts) for parts in zip(*found, strict=True))
    totals = np.cumsum(np.bincount(bits, minlength=limit + 1)[: limit + 1])
    lower = int(np.searchsorted(totals, most, side="right")) - 1
    if lower < 0:
        equal = np.flatnonzero(bits == 0)[:most]
        return [(first[equal], second[equal], bits[equal])], -1, len(equal)
    kept = bits <= lower
    return [(first[kept], second[kept], bits[kept])], lower, int(totals[lower])
