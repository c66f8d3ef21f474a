"""What one encoded picture is: its size, its digests, and whether it can be decoded in full."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import xxhash
from PIL import Image, UnidentifiedImageError

from rlvr.data.perceptual_hash import Reduced, reduced, reduced_hash
from rlvr.data.pixels import Pixels, pixels

KEPT = 4096
"""Pictures whose facts are remembered, half a kilobyte each."""

LFS_POINTER = b"version https://git-lfs"
"""How the small file begins that Git keeps in the place of a large one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PictureFacts:
    """One picture."""

    size_px: tuple[int, int] | None
    """Width and height; None when it cannot be decoded in full."""
    file_digest: str
    """SHA-256 of the encoded bytes, hexadecimal."""
    pixel_digest: str
    """Tells pixels apart, the same for every lossless encoding (`fast_digest`); of the bytes where there are none."""
    hash: int | None
    """Perceptual hash, 64 bits; None without pixels."""
    error: str
    """Why it cannot be decoded; empty when it can."""


def pixels_digest(rgb: Image.Image) -> bytes:
    """SHA-256 of an RGB picture's size and pixels."""
    return hashlib.sha256(repr(rgb.size).encode() + rgb.tobytes()).digest()


def fast_digest(picture: Pixels) -> str:
    """XXH3-128 of the size and pixels of a picture, hexadecimal: far quicker than SHA-256.

    Nobody can be kept from making two pictures with one such digest; identities use SHA-256.
    """
    height, width = picture.shape[:2]
    return xxhash.xxh3_128_hexdigest(repr((width, height)).encode() + xxhash.xxh3_128_digest(picture.data))


def undecodable_digest(image: bytes) -> bytes:
    """What stands for the pixels of a picture that has none."""
    return hashlib.sha256(b"undecodable" + image).digest()


def picture_facts(image: bytes) -> PictureFacts:
    """All there is to say about an encoded picture; never raises on its content."""
    return pictures_facts([image])[0]


def pictures_facts(images: Sequence[bytes]) -> list[PictureFacts]:
    """The same of several pictures.

    Rows that ask about one picture often follow each other: of the last `KEPT` files none is decoded again.
    """
    digests = []
    found: dict[str, PictureFacts] = {}
    waiting: dict[str, Reduced] = {}
    for image in images:
        digests.append(digest := hashlib.sha256(image).hexdigest())
        if digest in found:
            continue
        if (known := _kept.get(digest)) is None:
            known, small = _measured(image, digest)
            if small is not None:
                waiting[digest] = small
        found[digest] = known
    # One after another, not between pictures that drive everything out of the processor's caches.
    for digest, small in waiting.items():
        found[digest] = replace(found[digest], hash=reduced_hash(small))
    _kept.update(found)
    while len(_kept) > KEPT:
        del _kept[next(iter(_kept))]
    return [found[digest] for digest in digests]


_kept: dict[str, PictureFacts] = {}


def _measured(image: bytes, file_digest: str) -> tuple[PictureFacts, Reduced | None]:
    """The facts but for the hash, and what that is made of."""
    try:
        picture = pixels(image)
    # Decoders of damaged files raise whatever they stumble on: OSError, SyntaxError, struct.error, ...
    except Exception as error:
        # Pillow puts the object's address into this message, which would differ from run to run.
        unknown = "a Git LFS pointer; fetch the file" if image.startswith(LFS_POINTER) else "not a picture"
        reason = unknown if isinstance(error, UnidentifiedImageError) else str(error)
        facts = PictureFacts(
            size_px=None,
            file_digest=file_digest,
            pixel_digest=undecodable_digest(image).hex(),
            hash=None,
            error=f"{type(error).__name__}: {reason}",
        )
        return facts, None
    height, width = picture.shape[:2]
    facts = PictureFacts(
        size_px=(width, height), file_digest=file_digest, pixel_digest=fast_digest(picture), hash=None, error=""
    )
    return facts, reduced(picture)
