"""Near copies: re-encoded and resized pictures are found, look-alikes are not; the join is exact and bounded."""

import io
import random
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from rlvr.data.near_copies import near_copies
from rlvr.data.near_hashes import MOST_BITS, candidates
from rlvr.data.perceptual_hash import perceptual_hash
from rlvr.datasets import flat_shapes, scenes, solids
from rlvr.errors import RlvrError


def large(png: bytes) -> Image.Image:
    """A scene of CLEVR's own size."""
    return Image.open(io.BytesIO(png)).convert("RGB").resize((480, 320), Image.Resampling.BICUBIC)


def encoded(picture: Image.Image, form: str = "PNG", **settings: int) -> bytes:
    written = io.BytesIO()
    picture.save(written, form, **settings)
    return written.getvalue()


def half(picture: Image.Image) -> Image.Image:
    return picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.LANCZOS)


SCENES = [large(scenes.draw(3 + seed % 6, random.Random(seed))) for seed in range(24)]
COPIES = {
    "half-size JPEG": lambda picture: encoded(half(picture), "JPEG", quality=50),
    "JPEG": lambda picture: encoded(picture, "JPEG", quality=50),
    "WebP": lambda picture: encoded(picture, "WEBP", quality=40),
    "two thirds in size": lambda picture: encoded(picture.resize((320, 213))),
}


def hashes(pictures: list[bytes]) -> list[int]:
    return [perceptual_hash(Image.open(io.BytesIO(picture))) for picture in pictures]


def found(first: list[bytes], second: list[bytes]) -> set[tuple[int, int]]:
    copies = near_copies(hashes(first), first.__getitem__, hashes(second), second.__getitem__)
    assert copies.complete_to_bits == MOST_BITS
    assert (copies.bits <= MOST_BITS).all()
    return set(zip(copies.first.tolist(), copies.second.tolist(), strict=True))


@pytest.mark.parametrize("form", COPIES)
def test_every_copy_is_found_and_no_other_scene(form):
    copies = [COPIES[form](picture) for picture in SCENES]
    assert found([encoded(picture) for picture in SCENES], copies) == {(place, place) for place in range(len(SCENES))}


def test_a_scene_with_one_item_less_or_in_another_colour_is_no_copy():
    whole, less, recoloured = [], [], []
    for seed in range(24):
        items = scenes.arrange(3 + seed % 6, random.Random(seed))
        other = scenes.COLOURS["purple" if items[-1].colour != scenes.COLOURS["purple"] else "green"]
        for pictures, drawn in (
            (whole, items),
            (less, items[:-1]),
            (recoloured, [*items[:-1], replace(items[-1], colour=other)]),
        ):
            pictures.append(encoded(large(scenes.paint(drawn, random.Random(9)))))
    proposed = candidates(np.array(hashes(whole), np.uint64), np.array(hashes([*less, *recoloured]), np.uint64))
    assert len(proposed.first) > 24, "the hash alone takes many of them for copies"
    assert found(whole, [*less, *recoloured]) == set()


def test_drawings_on_paper_of_another_tint_are_no_copies():
    paper = SCENES[0].point(lambda value: min(255, value + 5))
    assert found([encoded(SCENES[0])], [encoded(paper)]) == set()


def drawing(seed: int) -> Image.Image:
    draw = random.Random(seed)
    png = flat_shapes.draw(flat_shapes.arrange(draw.randint(2, 3), draw), draw)
    return Image.open(io.BytesIO(png)).convert("RGB")


def rendered(seed: int) -> Image.Image:
    return Image.open(io.BytesIO(scenes.draw(3 + seed % 6, random.Random(seed)))).convert("RGB")


def solid(seed: int) -> Image.Image:
    draw = random.Random(seed)
    things = list(zip(draw.sample(solids.LOOKS, 2), solids.place(2, draw), strict=True))
    return Image.open(io.BytesIO(solids.draw(things, draw))).convert("RGB")


def fitted(picture: Image.Image, side: int) -> Image.Image:
    factor = side / min(picture.size)
    return picture.resize((round(picture.width * factor), round(picture.height * factor)), Image.Resampling.LANCZOS)


SMALL_COPIES = {
    "JPEG 60": lambda picture: encoded(picture, "JPEG", quality=60),
    "JPEG 90": lambda picture: encoded(picture, "JPEG", quality=90),
    "WebP 40": lambda picture: encoded(picture, "WEBP", quality=40),
    "half": lambda picture: encoded(half(picture)),
    "half, JPEG 60": lambda picture: encoded(half(picture), "JPEG", quality=60),
    "two thirds": lambda picture: encoded(fitted(picture, min(picture.size) * 2 // 3)),
    "larger, JPEG 75": lambda picture: encoded(fitted(picture, min(picture.size) * 3 // 2), "JPEG", quality=75),
}


@pytest.mark.parametrize("side", [96, 112, 128, 160, 199])
def test_copies_of_small_pictures_are_found_and_no_look_alikes(side):
    pictures = [fitted(draw(seed), side) for draw in (drawing, rendered, solid) for seed in range(10)]
    copies = [make(picture) for make in SMALL_COPIES.values() for picture in pictures]
    pairs = found([encoded(picture) for picture in pictures], copies)
    right = {(place % len(pictures), place) for place in range(len(copies))}
    assert len(pairs & right) >= 0.98 * len(right)
    assert pairs <= right


@pytest.mark.parametrize("side", [96, 128])
def test_a_small_copy_of_another_scene_is_none(side):
    whole, others = [], []
    for seed in range(8):
        items = scenes.arrange(3 + seed % 6, random.Random(seed))
        colour = scenes.COLOURS["purple" if items[-1].colour != scenes.COLOURS["purple"] else "green"]
        whole.append(encoded(fitted(drawn(items), side)))
        for other in (items[:-1], [*items[:-1], replace(items[-1], colour=colour)]):
            others += [make(fitted(drawn(other), side)) for make in SMALL_COPIES.values()]
    assert found(whole, others) == set()


def drawn(items) -> Image.Image:
    return Image.open(io.BytesIO(scenes.paint(items, random.Random(9)))).convert("RGB")


def test_pictures_below_the_limit_are_equal_or_nothing():
    small = SCENES[0].resize((84, 56))
    assert found([encoded(small)], [encoded(small, "JPEG", quality=95)]) == set()


def test_copies_within_one_list_are_pairs_of_an_earlier_and_a_later_place():
    pictures = [encoded(SCENES[0]), encoded(SCENES[1]), COPIES["JPEG"](SCENES[0]), COPIES["WebP"](SCENES[1])]
    copies = near_copies(hashes(pictures), pictures.__getitem__)
    assert list(zip(copies.first.tolist(), copies.second.tolist(), strict=True)) == [(0, 2), (1, 3)]


def test_pictures_are_asked_for_once_in_order_and_only_when_proposed():
    pictures = [encoded(SCENES[1]), encoded(SCENES[0]), COPIES["JPEG"](SCENES[0])]
    asked = []

    def picture(place: int) -> bytes:
        asked.append(place)
        return pictures[place]

    values = hashes(pictures)
    far = values[1] ^ (2**64 - 1)
    near_copies([far, values[1], values[2], None], picture)
    assert asked == [1, 2]


def test_nothing_comes_of_nothing():
    assert near_copies([], lambda place: b"").first.tolist() == []
    assert near_copies([None], lambda place: b"", [1], lambda place: b"").first.tolist() == []


def test_a_picture_that_no_longer_decodes_is_named():
    with pytest.raises(RlvrError, match="Picture 1 has a perceptual hash, but it cannot be decoded"):
        near_copies([5, 5], [encoded(SCENES[0]), b"damaged"].__getitem__)


def plain_pairs(first: np.ndarray, second: np.ndarray | None) -> list[tuple[int, int, int]]:
    others = first if second is None else second
    return [
        (i, j, (int(a) ^ int(b)).bit_count())
        for i, a in enumerate(first)
        for j, b in enumerate(others)
        if (second is not None or j > i) and (int(a) ^ int(b)).bit_count() <= MOST_BITS
    ]


@pytest.mark.parametrize("within", [True, False])
def test_the_join_equals_the_plain_loop(within):
    random_bits = np.random.default_rng(0)
    base = random_bits.integers(0, 2**64, 20, dtype=np.uint64)

    def some(number: int) -> np.ndarray:
        noise = np.uint64(1) << random_bits.integers(0, 64, (number, 5), dtype=np.uint64)
        return base[random_bits.integers(0, 20, number)] ^ np.bitwise_xor.reduce(noise, axis=1)

    first, second = some(150), None if within else some(300)
    pairs = candidates(first, second)
    assert list(zip(pairs.first.tolist(), pairs.second.tolist(), pairs.bits.tolist(), strict=True)) == plain_pairs(
        first, second
    )
    assert len(pairs.first) > 100


def test_too_many_pairs_leave_the_nearest_and_say_so():
    first = np.zeros(100, np.uint64)
    second = np.array([0] * 3 + [1] * 4 + [3] * 50, np.uint64)
    pairs = candidates(first, second, most_pairs=1000)
    assert pairs.complete_to_bits == 1
    assert np.bincount(pairs.bits).tolist() == [300, 400]
    none = candidates(first, second, most_pairs=250)
    assert (none.complete_to_bits, len(none.first), none.bits.max()) == (-1, 250, 0)
