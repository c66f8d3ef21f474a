"""The 64-bit perceptual hash of a picture: what stays equal when a picture is re-encoded or resized.

Of the discrete cosine transform (type II) of the grey picture the 8 x 8 lowest frequencies are kept, and each bit says
whether one of them lies above their median. The published hash transforms a copy of 32 x 32 pixels; here the picture's
own pixels are, summed into 64 to 127 strips, which is quicker than resizing and finds copies as well.

Every number on the way is a whole one that float64 holds exactly, so the same pixels give the same hash on every
machine, flat pictures included, whatever the order in which a machine adds.

Flat drawings have hardly any frequencies: most lie at the median, and the noise of a JPEG would decide their bits. So a
frequency has to lie above the median by `MARGIN`. Of drawings of shapes, re-encoded as JPEG of quality 60 or WebP of
quality 40, 5 to 17 in a hundred differed in more than 8 bits without the margin, and at most 2 do with it; photographs
and rendered scenes are not affected.

Two pictures whose hashes differ in few bits may be copies of each other, or merely look alike: `near_copies` decides.

Source: https://phash.org, and the `phash` function of https://github.com/JohannesBuchner/imagehash
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rlvr.data.pixels import Pixels, pixels_of

FREQUENCIES = 8
"""Frequencies kept in each direction."""
MARGIN = 1 / 32
"""How far above the median a frequency, as a mean over the pixels, counts: a wave of an eighth of a grey level."""

STRIPS = 64
"""Strips that a side is divided into, at least. With half as many, lines of text and grids, which beat with the strips,
cost one copy in a hundred."""
MOST_COLUMNS = 4
"""Columns that are summed into one strip, at most: more would not be quicker."""
LONGEST_PX = 4096
"""Longest side: 64 rows times 4 columns of bytes are the most that 16 bits hold. Larger pictures are reduced first."""
ALONE_MULTIPLICATIONS = 1 << 18
"""Multiplications of a matrix product up to which OpenBLAS works alone."""

_GREY = np.array([77, 150, 29, 0], np.float64)
"""Weights of red, green, blue and what fills the fourth byte: those of ITU-R BT.601, 256 times their size."""
_SCALE = 4096
"""How many times their size the cosines are."""


class Reduced(NamedTuple):
    """What of a picture its hash is made of."""

    sums: NDArray[np.uint16]
    """Sums of blocks of pixels: (strips, 4 strips across)."""
    height_px: int
    """Height of the picture, at most `LONGEST_PX`."""
    width_px: int
    """Its width."""


def perceptual_hash(image: Image.Image) -> int:
    """The hash of a decoded picture, 0 to 2^64 - 1; the lowest frequency is the highest bit."""
    rgb = image if image.mode == "RGB" else image.convert("RGB")
    return reduced_hash(reduced(pixels_of(rgb)))


def reduced(picture: Pixels) -> Reduced:
    """The only part that looks at every pixel, so that it can follow their decoding and the rest can wait."""
    if max(picture.shape) > LONGEST_PX:
        picture = _shrunk(picture)
    height, width = picture.shape[:2]
    return Reduced(_sums(picture, *_thickness(height, width)), height, width)


def reduced_hash(picture: Reduced) -> int:
    """The hash of a reduced picture."""
    sums, height, width = picture
    rows, columns = _thickness(height, width)
    across = np.concatenate([part @ _across(width, columns) for part in _parts(sums)])  # at most 2^46
    frequencies = _cosines(height, rows) @ np.rint(across / width)  # at most 2^52
    # The median of 64 values lies between the two in the middle: above it is above the lower of those.
    below = np.partition(frequencies, FREQUENCIES**2 // 2 - 1, axis=None)[FREQUENCIES**2 // 2 - 1]
    bits = frequencies > below + MARGIN * height * 256 * _SCALE**2
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def _thickness(height: int, width: int) -> tuple[int, int]:
    """Rows and columns that are summed."""
    return max(1, height // STRIPS), min(MOST_COLUMNS, max(1, width // STRIPS))


def _sums(picture: Pixels, rows: int, columns: int) -> NDArray[np.uint16]:
    """Sums of blocks of so many rows and columns, and of what is left at the end.

    The four sums of a block stand side by side in 64 bits, which are added as one number.
    """
    height, width = picture.shape[:2]
    lines, whole = picture.reshape(height, 4 * width), height // rows
    sums = np.empty((-(-height // rows), 4 * width), np.uint16)
    lines[: whole * rows].reshape(whole, rows, -1).sum(axis=1, dtype=np.uint16, out=sums[:whole])
    if whole < len(sums):
        lines[whole * rows :].sum(axis=0, dtype=np.uint16, out=sums[-1])
    if columns == 1:
        return sums
    pixels = sums.view(np.uint64)
    blocks = pixels[:, ::columns].copy()
    for column in range(1, columns):
        there = pixels[:, column::columns]
        blocks[:, : there.shape[1]] += there
    return blocks.view(np.uint16)


def _parts(sums: NDArray[np.uint16]) -> list[NDArray[np.float64]]:
    """Some strips at a time: so few multiplications that OpenBLAS wakes no second thread, which would only wait."""
    count = max(1, ALONE_MULTIPLICATIONS // (FREQUENCIES * sums.shape[1]))
    return [sums[start : start + count].astype(np.float64) for start in range(0, len(sums), count)]


@lru_cache(maxsize=64)
def _across(width: int, columns: int) -> NDArray[np.float64]:
    """Grey weight times cosine of every sum of a strip: (4 strips across, frequencies), whole numbers."""
    cosines = _cosines(width, columns)
    return np.ascontiguousarray((cosines.T[:, None, :] * _GREY[:, None]).reshape(-1, FREQUENCIES))


@lru_cache(maxsize=64)
def _cosines(side: int, thickness: int) -> NDArray[np.float64]:
    """cos(pi f p / side) for every frequency f and the middle p of every strip, scaled and rounded.

    By Chebyshev's recurrence: (frequencies, strips).
    """
    starts = np.arange(0, side, thickness)
    places = (starts + np.minimum(starts + thickness, side)) / 2
    rows = np.ones((FREQUENCIES, len(places)))
    np.cos(np.pi * places / side, out=rows[1])
    for frequency in range(2, FREQUENCIES):
        rows[frequency] = 2 * rows[1] * rows[frequency - 1] - rows[frequency - 2]
    rows[side:] = 0  # so few pixels have no more frequencies than that
    return np.rint(_SCALE * rows)


def _shrunk(picture: Pixels) -> Pixels:
    """Means of blocks, so that no side is longer than `LONGEST_PX`."""
    height, width = picture.shape[:2]
    image = Image.fromarray(picture, "RGBX")
    return np.asarray(image.reduce((-(-width // LONGEST_PX), -(-height // LONGEST_PX))))
