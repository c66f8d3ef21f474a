"""The perceptual hash: its definition, and what it must not change with."""

import io
import random

import numpy as np
import pytest
from PIL import Image, ImageDraw

from rlvr.data.perceptual_hash import MARGIN, perceptual_hash
from rlvr.datasets import flat_shapes, scenes


def scene(seed: int) -> Image.Image:
    return Image.open(io.BytesIO(scenes.draw(3 + seed % 6, random.Random(seed)))).convert("RGB")


def transformed(picture: Image.Image) -> np.ndarray:
    """The lowest frequencies of the grey picture, as means over its pixels."""
    fft = pytest.importorskip("scipy.fft")
    grey = np.asarray(picture, float)[..., :3] @ (77, 150, 29) / 256
    return fft.dctn(grey, type=2)[:8, :8] / 4 / grey.size  # that transform counts each direction twice


def test_its_bits_are_the_frequencies_above_the_median():
    for seed in range(30):
        picture = scene(seed).resize((60, 40))  # so small that no pixels are summed
        low = transformed(picture)
        bits = "".join("1" if above else "0" for above in (low > np.sort(low, axis=None)[31] + MARGIN).ravel())
        assert perceptual_hash(picture) == int(bits, 2)


@pytest.mark.parametrize("size", [(480, 320), (481, 323), (67, 1999), (640, 40), (5000, 700)])
def test_sums_of_pixels_have_the_frequencies_of_the_picture(size):
    for seed in range(6):
        picture = scene(seed).resize(size)
        low = transformed(picture)
        certain = np.abs(low - np.sort(low, axis=None)[31] - MARGIN) > 0.05  # of 255 grey levels
        bits = np.array([int(bit) for bit in f"{perceptual_hash(picture):064b}"]).reshape(8, 8)
        assert certain.sum() > 40
        assert np.array_equal(bits[certain], (low > np.sort(low, axis=None)[31] + MARGIN)[certain])


@pytest.mark.parametrize("size", [(1, 89_000_000), (3_000_000, 2)])
def test_a_picture_of_extreme_shape_takes_no_memory_beyond_its_own(size):
    assert perceptual_hash(Image.new("RGB", size, "white")) == 1 << 63


@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        (Image.new("RGB", (64, 48), "black"), 0),
        (Image.new("RGB", (64, 48), "white"), 1 << 63),
        (Image.new("L", (1, 1), 7), 1 << 63),
    ],
)
def test_flat_pictures_have_no_frequencies_but_the_mean(picture, expected):
    assert perceptual_hash(picture) == expected


def test_a_copy_is_near_and_another_picture_is_not():
    copy = io.BytesIO()
    picture = scene(1)
    picture.resize((64, 48)).save(copy, "JPEG", quality=50)
    near = perceptual_hash(picture) ^ perceptual_hash(Image.open(copy))
    far = perceptual_hash(picture) ^ perceptual_hash(picture.transpose(Image.Transpose.ROTATE_180))
    assert near.bit_count() <= 8 < far.bit_count()


def test_flat_drawings_keep_their_hash_when_they_are_encoded_again():
    differing = []
    for seed in range(60):
        draw = random.Random(seed)
        picture = Image.open(io.BytesIO(flat_shapes.draw(flat_shapes.arrange(draw.randint(2, 3), draw), draw)))
        for form, quality in (("JPEG", 60), ("JPEG", 90), ("WEBP", 40)):
            copy = io.BytesIO()
            picture.convert("RGB").save(copy, form, quality=quality)
            differing.append((perceptual_hash(picture) ^ perceptual_hash(Image.open(copy))).bit_count())
    assert max(differing) <= 8


def written(seed: int) -> Image.Image:
    """A small page of text, whose lines beat with anything that takes pixels together."""
    draw = random.Random(seed)
    page = Image.new("RGB", (draw.randint(120, 300), draw.randint(96, 260)), "white")
    pen, step = ImageDraw.Draw(page), draw.randint(9, 20)
    for top in range(4, page.height - 10, step):
        pen.text((4, top), "".join(draw.choices("abcdefghij ", k=40)), fill="black")
    return page


@pytest.mark.parametrize("scale", [0.5, 0.73, 1.5])
def test_pages_of_text_keep_their_hash_when_they_are_resized(scale):
    differing = []
    for seed in range(60):
        page = written(seed)
        copy = page.resize((int(page.width * scale), int(page.height * scale)), Image.Resampling.BICUBIC)
        differing.append((perceptual_hash(page) ^ perceptual_hash(copy)).bit_count())
    assert max(differing) <= 8


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16", "F"])
def test_every_mode_of_picture_has_a_hash(mode):
    assert 0 <= perceptual_hash(scene(2).convert("L").convert(mode)) < 1 << 64
