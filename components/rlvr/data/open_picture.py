"""Opening encoded pictures that strangers wrote: common formats alone, and none that claims too many pixels.

Pillow knows some forty formats. Few are met in data sets, and some are programs more than pictures: it hands EPS to
Ghostscript. So only `FORMATS` are tried, whatever a file is called.
"""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM")
"""What is decoded, as Pillow calls it."""

MAX_PIXELS = 89_478_485
"""Area above which a picture is taken for a decompression bomb: a quarter of a gibibyte as RGB, Pillow's own limit."""


@contextmanager
def open_picture(encoded: bytes) -> Iterator[Image.Image]:
    """The picture, of which only the header has been read.

    Raises `UnidentifiedImageError` for other formats and `DecompressionBombError` above `MAX_PIXELS`; decoders raise
    nearly anything on damaged bytes.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # told apart by our own limit, below
        with Image.open(io.BytesIO(encoded), formats=FORMATS) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise Image.DecompressionBombError(
                    f"{opened.width} x {opened.height} pixels are more than the {MAX_PIXELS} allowed"
                )
            yield opened
