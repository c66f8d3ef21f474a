"""Pixels taken without Pillow are Pillow's, and what Pillow refuses is refused."""

import io
import random
import struct

import numpy as np
import pytest
from PIL import Image

from rlvr.data import pixels as module
from rlvr.data.pixels import decoded, pixels, pixels_of


def encoded(mode: str = "RGB", kind: str = "JPEG", size: tuple[int, int] = (53, 37), **how) -> bytes:
    """A picture with noise, in which every wrong pixel shows."""
    file = io.BytesIO()
    noise = Image.merge("RGB", [Image.effect_noise(size, 60 + 20 * channel) for channel in range(3)])
    noise.convert(mode).save(file, kind, **how)
    return file.getvalue()


PLAIN = {
    "every sample": {"subsampling": 0},
    "half across": {"subsampling": 1},
    "quarter": {"subsampling": 2},
    "progressive": {"progressive": True},
    "restarts": {"restart_marker_rows": 1},
    "poor": {"quality": 5},
    "grey": {"mode": "L"},
    "colours as they are": {"keep_rgb": True},
}


@pytest.mark.parametrize("how", PLAIN.values(), ids=PLAIN.keys())
def test_a_plain_jpeg_has_pillows_pixels_without_pillow(how, monkeypatch):
    jpeg = encoded(**how)
    expected = pixels_of(decoded(jpeg))
    monkeypatch.delattr(module, "decoded")
    found = pixels(jpeg)
    assert (found.shape, found.dtype) == ((37, 53, 4), np.uint8)
    assert np.array_equal(found, expected)


@pytest.mark.parametrize(
    ("mode", "kind"), [("CMYK", "JPEG"), ("RGB", "PNG"), ("P", "PNG"), ("RGBA", "WEBP"), ("L", "BMP"), ("RGB", "GIF")]
)
def test_other_pictures_have_the_same_pixels_too(mode, kind):
    picture = encoded(mode, kind)
    assert np.array_equal(pixels(picture), pixels_of(decoded(picture)))


def test_without_simplejpeg_pillow_is_asked(monkeypatch):
    jpeg = encoded()
    expected = pixels(jpeg)
    monkeypatch.setattr(module, "simplejpeg", None)
    assert np.array_equal(pixels(jpeg), expected)


def verdict(take, picture):
    try:
        return np.asarray(take(picture))[..., :3].tobytes()
    except Exception as error:
        return type(error)


def test_a_jpeg_that_ends_too_early_is_refused_wherever_it_ends():
    jpeg = encoded(size=(24, 16))
    assert {type(verdict(pixels, jpeg[:length])) for length in range(len(jpeg) - 1)} == {type}


@pytest.mark.parametrize("how", [{}, {"progressive": True}, {"mode": "L"}], ids=str)
def test_a_damaged_jpeg_has_pillows_verdict(how):
    jpeg, draw = encoded(size=(64, 48), **how), random.Random(3)
    for _ in range(300):
        damaged = bytearray(jpeg)
        for _ in range(draw.randint(1, 3)):
            damaged[draw.randrange(len(damaged))] = draw.randrange(256)
        assert verdict(pixels, bytes(damaged)) == verdict(decoded, bytes(damaged))


def test_a_jpeg_of_too_many_pixels_is_refused_by_its_header():
    jpeg = encoded()
    header = jpeg.index(b"\xff\xc0") + 5
    with pytest.raises(Image.DecompressionBombError):
        pixels(jpeg[:header] + struct.pack(">HH", 65_000, 65_000) + jpeg[header + 4 :])
