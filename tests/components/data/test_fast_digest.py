"""The digest that tells pixels apart: the same for every encoding and storage of the same pixels."""

import io

import pytest
from PIL import Image

from rlvr.data.picture_facts import fast_digest, picture_facts
from rlvr.data.pixels import decoded, pixels_of

ENCODINGS = [
    ("1", "PNG"), ("L", "PNG"), ("LA", "PNG"), ("P", "PNG"), ("RGB", "PNG"), ("RGBA", "PNG"), ("RGB", "JPEG"),
    ("L", "JPEG"), ("CMYK", "JPEG"), ("RGB", "BMP"), ("RGB", "GIF"), ("RGBA", "WEBP"), ("YCbCr", "TIFF"),
]  # fmt: skip


def digest(picture: Image.Image) -> str:
    return fast_digest(pixels_of(picture))


@pytest.mark.parametrize(("mode", "kind"), ENCODINGS)
def test_what_decoders_leave_beside_the_pixels_does_not_count(mode: str, kind: str) -> None:
    encoded = io.BytesIO()
    Image.effect_noise((37, 23), 50).convert("RGB").convert(mode).save(encoded, kind)
    picture = decoded(encoded.getvalue())
    again = Image.frombytes("RGB", picture.size, picture.tobytes())
    assert digest(picture) == digest(again) == picture_facts(encoded.getvalue()).pixel_digest


def test_a_picture_in_several_pieces_of_memory_has_the_digest_of_its_pixels() -> None:
    encoded = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").resize((4096, 1100)).save(encoded, "BMP")
    large = decoded(encoded.getvalue())
    with pytest.raises(ValueError, match="contiguous"):
        large.__arrow_c_array__()
    Image.core.set_use_block_allocator(1)
    try:
        whole = decoded(encoded.getvalue())
        whole.__arrow_c_array__()
    finally:
        Image.core.set_use_block_allocator(0)
    assert digest(large) == digest(whole)


def test_one_pixel_and_the_shape_count() -> None:
    picture = Image.new("RGB", (4, 6), (9, 9, 9))
    other = picture.copy()
    other.putpixel((3, 5), (9, 9, 10))
    assert len({digest(one) for one in (picture, other, Image.new("RGB", (6, 4), (9, 9, 9)))}) == 3
