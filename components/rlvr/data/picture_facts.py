"""What one encoded picture is: its size, its digests, and whether it can be decoded in full.

Half a JPEG passes a look at its header; only decoding every pixel proves a picture. What claims more pixels than
`MAX_PIXELS` is refused by its header, before any memory is spent on it.
"""

import hashlib
import io
import warnings
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError

from rlvr.data.perceptual_hash import perceptual_hash

MAX_PIXELS = 89_478_485
"""Area above which a picture is taken for a decompression bomb: a quarter of a gibibyte as RGB, Pillow's own limit."""

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
    """SHA-256 of size and RGB pixels, the same for every lossless encoding; of the bytes where there are no pixels."""
    hash: int | None
    """Perceptual hash, 64 bits; None without pixels."""
    error: str
    """Why it cannot be decoded; empty when it can."""


def decoded(image: bytes) -> Image.Image:
    """The picture as RGB, every pixel decoded; whatever the decoder raises on damaged or oversized files passes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # told apart by our own limit, below
        with Image.open(io.BytesIO(image)) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise Image.DecompressionBombError(
                    f"{opened.width} x {opened.height} pixels are more than the {MAX_PIXELS} allowed"
                )
            opened.load()
            return opened.convert("RGB")


def pixels_digest(rgb: Image.Image) -> bytes:
    """SHA-256 of an RGB picture's size and pixels."""
    return hashlib.sha256(repr(rgb.size).encode() + rgb.tobytes()).digest()


def undecodable_digest(image: bytes) -> bytes:
    """What stands for the pixels of a picture that has none."""
    return hashlib.sha256(b"undecodable" + image).digest()


def picture_facts(image: bytes) -> PictureFacts:
    """All there is to say about an encoded picture; never raises on its content."""
    file_digest = hashlib.sha256(image).hexdigest()
    try:
        rgb = decoded(image)
    # Decoders of damaged files raise whatever they stumble on: OSError, SyntaxError, struct.error, ...
    except Exception as error:
        # Pillow puts the object's address into this message, which would differ from run to run.
        unknown = "a Git LFS pointer; fetch the file" if image.startswith(LFS_POINTER) else "not a picture"
        reason = unknown if isinstance(error, UnidentifiedImageError) else str(error)
        return PictureFacts(
            size_px=None,
            file_digest=file_digest,
            pixel_digest=undecodable_digest(image).hex(),
            hash=None,
            error=f"{type(error).__name__}: {reason}",
        )
    return PictureFacts(
        size_px=rgb.size,
        file_digest=file_digest,
        pixel_digest=pixels_digest(rgb).hex(),
        hash=perceptual_hash(rgb),
        error="",
    )
