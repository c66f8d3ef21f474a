"""Which pictures are the same as a given one: equal to the pixel, or near copies.

It keeps arrays and makes a small table for one picture at a time, so that thousands of frames that all look the same
do not fill memory.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rlvr.data.distinct_pictures import DistinctPictures
from rlvr.data.near_copies import Encoded, NearCopies, near_copies

Pictures = Callable[[str, int, int], bytes]
"""Encoded bytes of the picture at (part, position of the row, index in the row); a part is `train` or `test`."""


class Closeness(NamedTuple):
    """How close two pictures are; smaller is closer."""

    near: bool
    """False when they are equal to the pixel, or the same video."""
    distance_bits: int
    """Bits in which their perceptual hashes differ."""
    difference: int
    """99.5th percentile of their difference in brightness, of 255."""


EQUAL = Closeness(False, 0, 0)
"""Closeness of equal pixels."""


class SamePictures:
    """The same pictures for each of ours, by number."""

    def __init__(self, equal: Mapping[int, int], copies: NearCopies, both_ways: bool) -> None:
        """`equal` maps a picture to the one with equal pixels; `both_ways` when the copies are within one list."""
        first, second = copies.first, copies.second
        if both_ways:
            first, second = np.concatenate([first, second]), np.concatenate([second, first])
        repeat = 2 if both_ways else 1
        bits, difference = np.tile(copies.bits, repeat), np.tile(copies.difference, repeat)
        order = np.lexsort((second, difference, bits, first))
        self._equal = equal
        self._first: NDArray[np.int32] = first[order]
        self._rest = (second[order], bits[order], difference[order])
        self.complete_to_bits = copies.complete_to_bits
        """How far the search for near copies went."""

    def of(self, number: int) -> dict[int, Closeness]:
        """The pictures that are the same as ours of that number, the closest first."""
        start, end = np.searchsorted(self._first, (number, number + 1)).tolist()
        same = {self._equal[number]: EQUAL} if number in self._equal else {}
        for other, bits, difference in zip(*(values[start:end].tolist() for values in self._rest), strict=True):
            same.setdefault(other, Closeness(True, bits, difference))
        return same

    def others(self) -> set[int]:
        """All pictures of the other side that any of ours is the same as."""
        return {*np.unique(self._rest[0]).tolist(), *self._equal.values()}


def between(train: DistinctPictures, test: DistinctPictures, pictures: Pictures) -> SamePictures:
    """Which pictures of `test` are the same as each of `train`."""
    copies = near_copies(
        train.hashes, _encoded("train", train, pictures), test.hashes, _encoded("test", test, pictures)
    )
    equal = {number: test.numbers[digest] for digest, number in train.numbers.items() if digest in test.numbers}
    return SamePictures(equal, copies, both_ways=False)


def within(train: DistinctPictures, pictures: Pictures) -> SamePictures:
    """Which pictures of `train` are the same as each of them, itself included."""
    copies = near_copies(train.hashes, _encoded("train", train, pictures))
    return SamePictures({number: number for number in train.numbers.values()}, copies, both_ways=True)


def _encoded(part: str, side: DistinctPictures, pictures: Pictures) -> Encoded:
    return lambda number: pictures(part, *side.places[number])
