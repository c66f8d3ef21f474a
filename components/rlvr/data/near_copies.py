"""Near copies: pictures that show the same although their files and pixels differ, re-encoded or resized.

Hashes that differ in few bits only propose pairs: pictures of one kind, such as rendered scenes on one floor, propose
many that merely look alike. The proposed pictures are reduced to 64 x 64 pixels of brightness and 32 x 32 of colour,
and a pair is confirmed when brightness and colour agree nearly everywhere and on the whole.

The limits are measured, on copies (JPEG of quality 50 and 90, WebP of quality 40, two thirds in size, half in size as
JPEG of quality 50) and on look-alikes. Greatest difference found among copies, and smallest among look-alikes:

                            drawings   photographs   scenes 480 x 320   scenes 128 x 96   one item less   other colour
    brightness                    16            15                  3                23              33             1
    colour                         0            13                  5                37               0            23
    shift                        1.8           0.6                0.5               0.5             0.7           0.2

A copy below 80 px has too few pixels for these limits. It is judged at half the resolution, where edges that were
blurred agree again, and with a wider limit of colour, because JPEG keeps that coarsely. So copies of small pictures are
found as well: of 960 a size (two kinds of drawings, scenes, photographs; JPEG of quality 60, 75 and 90, WebP of quality
40, half, two thirds and one and a half in size, half in size as JPEG of quality 60) all whose smaller side had 128, 160
and 199 px, 958 at 112 px and 959 at 96 px; of look-alikes, of which some have one item less or in another colour, none.
Pictures below 96 px are equal or different.

What is not told apart: drawings that differ in one small label. Copies that were cropped, mirrored or recoloured may be
missed.
"""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rlvr.data.near_hashes import candidates
from rlvr.data.open_picture import open_picture
from rlvr.errors import RlvrError

SIDE_PX = 64
"""Side of a reduced picture's brightness; its two colour channels have half of it."""
MOST_BRIGHTNESS = 24
"""Limit of the 99.5th percentile of the differences in brightness, of 255."""
MOST_COLOUR = 20
"""Limit of the differences in colour, means of 2 x 2 pixels, of 255."""
MOST_SHIFT = 2
"""Limit of the mean difference of each channel over the whole picture, of 255."""
MIN_SIDE_PX = 96
"""The larger picture of a pair is at least this wide and high: drawings below it agree by chance."""
SMALL_SIDE_PX = 80
"""The smaller picture of a pair is small when it is narrower or lower than this."""
SMALL_BRIGHTNESS, SMALL_COLOUR = 20, 36
"""The first two limits for pairs with a small picture, of means of 2 x 2 pixels: copies differ by at most 16 and 31,
look-alikes by at least 49 or, in colour, 43."""

_PIXELS = SIDE_PX**2
_OUTLIERS = _PIXELS // 200
_BATCH = 128

Encoded = Callable[[int], bytes]
"""The encoded bytes of the picture at a place of the list; asked for once a picture, by rising place."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NearCopies:
    """Pairs of pictures that show the same."""

    first: NDArray[np.int32]
    """Places in the first list, rising."""
    second: NDArray[np.int32]
    """Places in the second list (within one list: the later one of the pair)."""
    bits: NDArray[np.uint8]
    """Bits in which their hashes differ."""
    difference: NDArray[np.uint8]
    """99.5th percentile of their differences in brightness, of 255."""
    complete_to_bits: int
    """Every pair whose hashes differ in at most this many bits was looked at; `near_hashes.MOST_BITS`
    unless there were too many."""


def near_copies(
    first: Sequence[int | None],
    first_picture: Encoded,
    second: Sequence[int | None] | None = None,
    second_picture: Encoded | None = None,
) -> NearCopies:
    """Near copies between two lists of perceptual hashes, or within one; pictures without a hash have none."""
    ours, our_hashes = _hashed(first)
    theirs, their_hashes = (ours, None) if second is None else _hashed(second)
    proposed = candidates(our_hashes, their_hashes)
    one, other = ours[proposed.first], theirs[proposed.second]
    if second is None:
        reduced = _Reduced(np.union1d(one, other), first_picture)
        others = reduced
    else:
        reduced, others = _Reduced(np.unique(one), first_picture), _Reduced(np.unique(other), second_picture or _none)
    kept, differences = [np.empty(0, np.int64)], [np.empty(0, np.uint8)]
    for start in range(0, len(one), _BATCH):
        part = slice(start, start + _BATCH)
        places, difference = _confirmed(reduced, one[part], others, other[part])
        kept.append(places + start)
        differences.append(difference)
    chosen = np.concatenate(kept)
    return NearCopies(
        first=one[chosen],
        second=other[chosen],
        bits=proposed.bits[chosen],
        difference=np.concatenate(differences),
        complete_to_bits=proposed.complete_to_bits,
    )


def _none(place: int) -> bytes:
    raise RlvrError(f"The second list's picture {place} is needed; pass `second_picture` with `second`.")


def _hashed(hashes: Sequence[int | None]) -> tuple[NDArray[np.int32], NDArray[np.uint64]]:
    places = [place for place, value in enumerate(hashes) if value is not None]
    return np.array(places, np.int32), np.array([hashes[place] for place in places], np.uint64)


class _Reduced:
    """Reduced pictures, 6 KiB each, in a temporary file that the system drops from memory as it likes."""

    def __init__(self, places: NDArray[np.int32], picture: Encoded) -> None:
        self._places = places
        self.sides_px = np.zeros(len(places), np.int64)
        shape = (max(1, len(places)), _PIXELS + _PIXELS // 2)
        with tempfile.TemporaryFile() as file:
            self._values = np.memmap(file, np.uint8, "w+", shape=shape)
        for row, place in enumerate(places.tolist()):
            self.sides_px[row], self._values[row] = _reduced(picture(place), place)

    def rows(self, places: NDArray[np.int32]) -> NDArray[np.int64]:
        """Where pictures stand here."""
        return np.searchsorted(self._places, places)

    def brightness(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """One line of brightness a picture."""
        return self._values[rows, :_PIXELS]

    def channels(self, rows: NDArray[np.int64]) -> NDArray[np.int16]:
        """One line a picture: brightness, then the two colour channels."""
        return self._values[rows].astype(np.int16)


def _reduced(encoded: bytes, place: int) -> tuple[int, NDArray[np.uint8]]:
    try:
        with open_picture(encoded) as opened:
            rgb = opened.convert("RGB")
    # Decoders of damaged files raise whatever they stumble on.
    except Exception as error:
        raise RlvrError(
            f"Picture {place} has a perceptual hash, but it cannot be decoded ({type(error).__name__}: {error}); "
            f"make the facts again from the rows that are compared."
        ) from error
    small = rgb.resize((SIDE_PX, SIDE_PX), Image.Resampling.BILINEAR, reducing_gap=3.0).convert("YCbCr")
    brightness, *colours = small.split()
    halves = [channel.resize((SIDE_PX // 2, SIDE_PX // 2), Image.Resampling.BOX) for channel in colours]
    return min(rgb.size), np.concatenate([np.asarray(channel).reshape(-1) for channel in (brightness, *halves)])


def _confirmed(
    one: _Reduced, ours: NDArray[np.int32], other: _Reduced, theirs: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Which of the pairs are near copies, and the 99.5th percentile of their differences in brightness."""
    our_rows, their_rows = one.rows(ours), other.rows(theirs)
    our_values, their_values = one.brightness(our_rows), other.brightness(their_rows)
    differences = np.maximum(our_values, their_values) - np.minimum(our_values, their_values)
    beyond = np.packbits(differences > MOST_BRIGHTNESS, axis=1)
    outliers = np.bitwise_count(beyond.view(np.uint64)).sum(axis=1, dtype=np.int64)
    sides = np.stack([one.sides_px[our_rows], other.sides_px[their_rows]])
    small = sides.min(axis=0) < SMALL_SIDE_PX
    places = np.flatnonzero(((outliers <= _OUTLIERS) | small) & (sides.max(axis=0) >= MIN_SIDE_PX))
    signed = one.channels(our_rows[places]) - other.channels(their_rows[places])
    places = places[_alike(signed, small[places])]
    percentile = _PIXELS - 1 - _OUTLIERS
    return places, np.partition(differences[places], percentile, axis=1)[:, percentile]


def _alike(signed: NDArray[np.int16], small: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether colours agree everywhere and all channels on the whole; `signed` holds differences, one pair a row.

    Of `small` pairs, also whether brightness agrees nearly everywhere; of the others that is known.
    """
    half = SIDE_PX // 2
    colours = signed[:, _PIXELS:].reshape(-1, 2, half // 2, 2, half // 2, 2).mean(axis=(3, 5))
    shifts = [np.abs(signed[:, :_PIXELS].mean(axis=1)), *np.abs(colours.mean(axis=(2, 3))).T]
    most = np.where(small, SMALL_COLOUR, MOST_COLOUR)
    alike: NDArray[np.bool_] = (np.abs(colours).max(axis=(1, 2, 3)) <= most) & (np.max(shifts, axis=0) <= MOST_SHIFT)
    coarse = signed[small, :_PIXELS].reshape(-1, half, 2, half, 2).mean(axis=(2, 4))
    alike[small] &= (np.abs(coarse) > SMALL_BRIGHTNESS).sum(axis=(1, 2)) <= half**2 // 200
    return alike
