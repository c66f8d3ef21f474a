"""Which pictures are the same as a given one: equal to the pixel, near copies, or one picture of COCO by its id.

It keeps arrays and makes a small table for one picture at a time, so that thousands of frames that all look the same
do not fill memory.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rlvr.data.distinct_pictures import DistinctPictures
from rlvr.data.near_copies import Encoded, NearCopies, near_copies

Pictures = Callable[[str, int, int], bytes]
"""Encoded bytes of the picture at (part, position of the row, index in the row); a part is `train` or `test`."""


class How(IntEnum):
    """By what two pictures are known to be the same; the strictest first."""

    PIXELS = 0
    """Equal pixels, or the same video."""
    LOOKS = 1
    """One is a near copy of the other."""
    COCO_ID = 2
    """They have the same COCO id, and pixels that differ: another size, crop or quality."""


class Closeness(NamedTuple):
    """How close two pictures are; smaller is closer."""

    how: How
    """By what they are the same."""
    distance_bits: int
    """Bits in which their perceptual hashes differ; 64 where one has none."""
    difference: int
    """99.5th percentile of their difference in brightness, of 255; 255 where it was not measured."""


EQUAL = Closeness(How.PIXELS, 0, 0)
"""Closeness of equal pixels."""


class SamePictures:
    """The same pictures for each of ours, by number."""

    def __init__(
        self,
        equal: Mapping[int, int],
        copies: NearCopies,
        both_ways: bool,
        named: Mapping[int, Mapping[int, Closeness]] | None = None,
    ) -> None:
        """`equal` maps a picture to the one with equal pixels, `named` to those of the same COCO id.

        `both_ways` says that the copies are within one list.
        """
        first, second = copies.first, copies.second
        if both_ways:
            first, second = np.concatenate([first, second]), np.concatenate([second, first])
        repeat = 2 if both_ways else 1
        bits, difference = np.tile(copies.bits, repeat), np.tile(copies.difference, repeat)
        order = np.lexsort((second, difference, bits, first))
        self._equal, self._named = equal, named or {}
        self._first: NDArray[np.int32] = first[order]
        self._rest = (second[order], bits[order], difference[order])
        self.complete_to_bits = copies.complete_to_bits
        """How far the search for near copies went."""

    def of(self, number: int) -> dict[int, Closeness]:
        """The pictures that are the same as ours of that number, the closest first."""
        start, end = np.searchsorted(self._first, (number, number + 1)).tolist()
        same = {self._equal[number]: EQUAL} if number in self._equal else {}
        for other, bits, difference in zip(*(values[start:end].tolist() for values in self._rest), strict=True):
            same.setdefault(other, Closeness(How.LOOKS, bits, difference))
        for other, closeness in self._named.get(number, {}).items():
            same.setdefault(other, closeness)
        return same

    def others(self) -> set[int]:
        """All pictures of the other side that any of ours is the same as."""
        named = (other for others in self._named.values() for other in others)
        return {*np.unique(self._rest[0]).tolist(), *self._equal.values(), *named}


def between(train: DistinctPictures, test: DistinctPictures, pictures: Pictures) -> SamePictures:
    """Which pictures of `test` are the same as each of `train`."""
    copies = near_copies(
        train.hashes, _encoded("train", train, pictures), test.hashes, _encoded("test", test, pictures)
    )
    equal = {number: test.numbers[digest] for digest, number in train.numbers.items() if digest in test.numbers}
    return SamePictures(equal, copies, both_ways=False, named=_named(train, test))


def within(train: DistinctPictures, pictures: Pictures) -> SamePictures:
    """Which pictures of `train` are the same as each of them, itself included."""
    copies = near_copies(train.hashes, _encoded("train", train, pictures))
    return SamePictures({number: number for number in train.numbers.values()}, copies, both_ways=True)


def _named(train: DistinctPictures, test: DistinctPictures) -> dict[int, dict[int, Closeness]]:
    """The pictures of `test` with the COCO id of one of `train`, the closest by their hashes first."""
    holders: dict[int, list[int]] = defaultdict(list)
    for number, ids in test.coco_ids.items():
        for one in ids:
            holders[one].append(number)
    named = {}
    for number, ids in train.coco_ids.items():
        if others := {other for one in ids for other in holders.get(one, ())}:
            bits = {other: _bits(train.hashes[number], test.hashes[other]) for other in others}
            order = sorted(others, key=lambda other: (bits[other], other))
            named[number] = {other: Closeness(How.COCO_ID, bits[other], 255) for other in order}
    return named


def _bits(one: int | None, other: int | None) -> int:
    return 64 if one is None or other is None else (one ^ other).bit_count()


def _encoded(part: str, side: DistinctPictures, pictures: Pictures) -> Encoded:
    return lambda number: pictures(part, *side.places[number])
