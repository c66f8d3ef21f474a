"""A drawn picture as the bytes of a PNG file."""

import io

from PIL import Image


def as_png(picture: Image.Image, compress_level: int = 6) -> bytes:
    """The encoded picture; levels from 0 to 9 trade time for size, with the same pixels."""
    encoded = io.BytesIO()
    picture.save(encoded, "PNG", compress_level=compress_level)
    return encoded.getvalue()
