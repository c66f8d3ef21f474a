"""The perceptual hash: the published definition, and what it must not change with."""

import io
import random

import numpy as np
import pytest
from PIL import Image

from rlvr.data.perceptual_hash import MARGIN, perceptual_hash
from rlvr.datasets import flat_shapes, scenes


def scene(seed: int) -> Image.Image:
    return Image.open(io.BytesIO(scenes.draw(3 + seed % 6, random.Random(seed)))).convert("RGB")


def test_it_is_the_published_hash_with_a_margin():
    fft = pytest.importorskip("scipy.fft")
    for seed in range(30):
        small = scene(seed).convert("L").resize((32, 32), Image.Resampling.LANCZOS, reducing_gap=3.0)
        low = fft.dctn(np.asarray(small, float), type=2)[:8, :8] / 4  # that transform counts each direction twice
        below = np.sort(low, axis=None)[31]
        bits = "".join("1" if above else "0" for above in (low > below + MARGIN).ravel())
        assert perceptual_hash(scene(seed)) == int(bits, 2)


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


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16", "F"])
def test_every_mode_of_picture_has_a_hash(mode):
    assert 0 <= perceptual_hash(scene(2).convert("L").convert(mode)) < 1 << 64
