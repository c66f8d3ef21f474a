"""The pixels of a decoded picture as an array, without a copy where Pillow allows it."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]
"""(height, width, 4): red, green, blue, and a byte that fills up, 255 from decoders."""


def pixels(rgb: Image.Image) -> Pixels:
    """The pixels of a picture of mode RGB, as they lie in memory; a large picture, which lies in pieces, is copied."""
    try:
        flat = pa.array(rgb).buffers()[-1]
    except ValueError:
        flat = rgb.tobytes("raw", "RGBX")
    return np.frombuffer(flat, np.uint8).reshape(rgb.height, rgb.width, 4)
