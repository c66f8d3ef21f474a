"""The 64-bit perceptual hash of a picture: what stays equal when a picture is re-encoded or resized.

Of the discrete cosine transform (type II) of the grey picture the 8 x 8 lowest frequencies are kept, and each bit says
whether one of them lies above their median. The published hash transforms a copy of 32 x 32 pixels; here the picture's
own rows of pixels are, summed into 32 to 63 strips, which is quicker than resizing and finds the same copies.

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

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rlvr.data.pixels import Pixels, pixels

FREQUENCIES = 8
"""Frequencies kept in each direction."""
MARGIN = 1 / 32
"""How far above the median a frequency, as a mean over the pixels, counts: a wave of an eighth of a grey level."""

STRIPS = 32
"""Strips that a picture's rows are summed into, at least: four for half a wave of the highest frequency."""
LONGEST_PX = 4096
"""Longest side; larger pictures are reduced first, which keeps the numbers below exact and the tables small."""

ALONE_MULTIPLICATIONS = 1 << 18
"""Multiplications of a matrix product up to which OpenBLAS works alone."""

_GREY = np.array([77, 150, 29, 0], np.float64)
"""Weights of red, green, blue and what fills the fourth byte: those of ITU-R BT.601, 256 times their size."""
_SCALE = 4096
"""How many times their size the cosines are."""


def perceptual_hash(image: Image.Image) -> int:
    """The hash of a decoded picture, 0 to 2^64 - 1; the lowest frequency is the highest bit."""
    rgb = image if image.mode == "RGB" else image.convert("RGB")
    return pixels_hash(pixels(rgb))


def pixels_hash(picture: Pixels) -> int:
    """The same of pixels."""
    if max(picture.shape) > LONGEST_PX:
        picture = _reduced(picture)
    height, width = picture.shape[:2]
    thickness = max(1, height // STRIPS)
    strips = _strips(picture.reshape(height, 4 * width), thickness)
    across = np.concatenate([part @ _across(width) for part in _parts(strips)])  # at most 2^49
    frequencies = _down(height, thickness) @ np.rint(across / width)  # at most 2^52
    # The median of 64 values lies between the two in the middle: above it is above the lower of those.
    below = np.partition(frequencies, FREQUENCIES**2 // 2 - 1, axis=None)[FREQUENCIES**2 // 2 - 1]
    bits = frequencies > below + MARGIN * height * 256 * _SCALE**2
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def _strips(rows: NDArray[np.uint8], thickness: int) -> NDArray[np.float64]:
    """Sums of `thickness` rows each, the last of what is left: at most 255 x 128, for which 16 bits are enough."""
    whole = len(rows) // thickness
    cut = whole * thickness
    sums = rows[:cut].reshape(whole, thickness, -1).sum(axis=1, dtype=np.uint16)
    if cut < len(rows):
        sums = np.concatenate([sums, rows[cut:].sum(axis=0, dtype=np.uint16)[None]])
    return sums.astype(np.float64)


def _parts(strips: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Some strips at a time: so few multiplications that OpenBLAS wakes no second thread, which would only wait."""
    count = max(1, ALONE_MULTIPLICATIONS // (FREQUENCIES * strips.shape[1]))
    return [strips[start : start + count] for start in range(0, len(strips), count)]


@lru_cache(maxsize=64)
def _across(width: int) -> NDArray[np.float64]:
    """Grey weight times cosine of every byte of a row: (4 width, frequencies), whole numbers."""
    cosines = _cosines(np.arange(width) + 0.5, width)
    return np.ascontiguousarray((cosines.T[:, None, :] * _GREY[:, None]).reshape(4 * width, FREQUENCIES))


@lru_cache(maxsize=64)
def _down(height: int, thickness: int) -> NDArray[np.float64]:
    """Cosine in the middle of every strip: (frequencies, strips), whole numbers."""
    starts = np.arange(0, height, thickness)
    return _cosines((starts + np.minimum(starts + thickness, height)) / 2, height)


def _cosines(places: NDArray[np.float64], side: int) -> NDArray[np.float64]:
    """cos(pi f p / side) of every frequency f and place p, scaled and rounded, by Chebyshev's recurrence."""
    rows = np.ones((FREQUENCIES, len(places)))
    np.cos(np.pi * places / side, out=rows[1])
    for frequency in range(2, FREQUENCIES):
        rows[frequency] = 2 * rows[1] * rows[frequency - 1] - rows[frequency - 2]
    return np.rint(_SCALE * rows)


def _reduced(picture: Pixels) -> Pixels:
    """Means of blocks, so that no side is longer than `LONGEST_PX`."""
    height, width = picture.shape[:2]
    image = Image.fromarray(picture, "RGBX")
    return np.asarray(image.reduce((-(-width // LONGEST_PX), -(-height // LONGEST_PX))))
