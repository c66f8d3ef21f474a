"""Decoding a picture in full: as Pillow's picture, or as the array of its pixels.

Half a JPEG passes a look at its header; only decoding every pixel proves a picture. What claims too many pixels is
refused by its header, before any memory is spent on it.
"""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from PIL import Image

from rlvr.data.open_picture import MAX_PIXELS, open_picture

try:
    import simplejpeg  # type: ignore[import-untyped, unused-ignore]
except ImportError:  # images that do not verify data are without it
    simplejpeg = None

Pixels = NDArray[np.uint8]
"""(height, width, 4): red, green, blue, and 255, which fills up."""

JPEG = b"\xff\xd8\xff"
"""How a JPEG begins."""
PLAIN = ("YCbCr", "Gray", "RGB")
"""Colours of JPEGs that have one meaning; Pillow knows what is done with the others."""


def decoded(encoded: bytes) -> Image.Image:
    """The picture as RGB, every pixel decoded; whatever the decoder raises on damaged or oversized files passes."""
    with open_picture(encoded) as opened:
        opened.load()
        return opened if opened.mode == "RGB" else opened.convert("RGB")


def pixels(encoded: bytes) -> Pixels:
    """The pixels of a picture, the same that `decoded` has, and where it raises this does.

    Most JPEGs are decoded without Pillow: its library, libjpeg-turbo, gives the same pixels a fifth quicker when it
    writes them into an array at once. Where it as much as warns, or simplejpeg is not installed, Pillow is asked.
    """
    quick = _jpeg(encoded) if simplejpeg and encoded.startswith(JPEG) else None
    return pixels_of(decoded(encoded)) if quick is None else quick


def pixels_of(rgb: Image.Image) -> Pixels:
    """The pixels of a picture of mode RGB, as they lie in memory; a large picture, which lies in pieces, is copied."""
    try:
        flat = pa.array(rgb).buffers()[-1]
    except ValueError:
        flat = rgb.tobytes("raw", "RGBX")
    return np.frombuffer(flat, np.uint8).reshape(rgb.height, rgb.width, 4)


def _jpeg(encoded: bytes) -> Pixels | None:
    """The pixels of a plain and faultless JPEG; None for what Pillow shall judge."""
    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(encoded)
        if colours not in PLAIN or height * width > MAX_PIXELS:
            return None
        picture: Pixels = simplejpeg.decode_jpeg(encoded, "RGBX")
    except ValueError:
        return None
    return picture
