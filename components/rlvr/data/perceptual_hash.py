"""The 64-bit perceptual hash of a picture: what stays equal when a picture is re-encoded or resized.

The picture is reduced to 32 x 32 grey pixels; of its discrete cosine transform (type II) the 8 x 8 lowest frequencies
are kept, and each bit says whether one of them lies above their median. The transform is done with whole numbers, so
that the same pixels give the same hash on every machine, flat pictures included.

Flat drawings have hardly any frequencies: most lie at the median, and the noise of a JPEG would decide their bits. So a
frequency has to lie above the median by `MARGIN`. Of drawings of shapes, re-encoded as JPEG of quality 60 or WebP of
quality 40, 5 to 17 in a hundred differed in more than 8 bits without the margin, and none does with it; photographs and
rendered scenes are not affected.

Two pictures whose hashes differ in few bits may be copies of each other, or merely look alike: `near_copies` decides.

Source: https://phash.org, and the `phash` function of https://github.com/JohannesBuchner/imagehash
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE_PX = 32
"""Side of the reduced picture."""
FREQUENCIES = 8
"""Frequencies kept in each direction."""
MARGIN = 32
"""How far above the median a frequency counts: a wave of an eighth of a grey level."""


def _cosines() -> NDArray[np.int64]:
    """Rows of the cosine transform, 2^16 times their size; rows above 0 sum to exactly 0."""
    frequency, place = np.arange(FREQUENCIES)[:, None], np.arange(SIDE_PX)[None, :]
    rows: NDArray[np.int64] = np.rint(2**16 * np.cos(np.pi * frequency * (2 * place + 1) / (2 * SIDE_PX))).astype(int)
    return rows


_COSINES = _cosines()
_TRANSPOSED = np.ascontiguousarray(_COSINES.T)


def perceptual_hash(image: Image.Image) -> int:
    """The hash of a decoded picture, 0 to 2^64 - 1; the lowest frequency is the highest bit."""
    small = image.convert("L").resize((SIDE_PX, SIDE_PX), Image.Resampling.LANCZOS, reducing_gap=3.0)
    frequencies = _COSINES @ np.asarray(small, dtype=np.int64) @ _TRANSPOSED
    # The median of 64 values lies between the two in the middle: above it is above the lower of those.
    below = np.partition(frequencies, FREQUENCIES**2 // 2 - 1, axis=None)[FREQUENCIES**2 // 2 - 1]
    return int.from_bytes(np.packbits(frequencies > below + (MARGIN << 32)).tobytes(), "big")
