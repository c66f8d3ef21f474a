"""Encoded JPEG pictures as a video: Motion JPEG in an AVI file, bit by bit, without a video library.

A row holds one encoded video, and some sets publish the frames of a clip as a folder of JPEG files; the pictures stay
as they are. Format: Microsoft's AVI RIFF File Reference; every common decoder reads it.
"""

import io
import struct
from collections.abc import Sequence

from PIL import Image

from rlvr.data.open_picture import open_picture

HAS_INDEX, KEY_FRAME = 0x10, 0x10
"""Flags of the main header and of an index entry."""


def video(jpegs: Sequence[bytes], per_second: float) -> bytes:
    """An AVI file of these frames, all of the size of the first; at least one."""
    with open_picture(jpegs[0]) as first:
        width, height = first.size
    largest = max(map(len, jpegs))
    count, rate = len(jpegs), round(per_second * 1000)
    main = struct.pack(
        "<14I", round(1e6 / per_second), largest * rate // 1000, 0, HAS_INDEX, count, 0, 1, largest, width, height,
        0, 0, 0, 0,
    )  # fmt: skip
    stream = struct.pack(
        "<4s4sIHHIIIIIIiI4H", b"vids", b"MJPG", 0, 0, 0, 0, 1000, rate, 0, count, largest, -1, 0, 0, 0, width, height
    )
    picture = struct.pack("<IiiHH4sIiiII", 40, width, height, 1, 24, b"MJPG", 3 * width * height, 0, 0, 0, 0)
    header = _list(b"hdrl", _chunk(b"avih", main), _list(b"strl", _chunk(b"strh", stream), _chunk(b"strf", picture)))
    index, place = [], 4
    for jpeg in jpegs:
        index.append(struct.pack("<4sIII", b"00dc", KEY_FRAME, place, len(jpeg)))
        place += 8 + len(jpeg) + len(jpeg) % 2
    movie = _list(b"movi", *(_chunk(b"00dc", jpeg) for jpeg in jpegs))
    body = b"AVI " + header + movie + _chunk(b"idx1", b"".join(index))
    return _chunk(b"RIFF", body)


def jpeg(picture: Image.Image) -> bytes:
    """A picture as JPEG, with full colour resolution."""
    encoded = io.BytesIO()
    picture.save(encoded, "JPEG", quality=92, subsampling=0)
    return encoded.getvalue()


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def _list(name: bytes, *chunks: bytes) -> bytes:
    return _chunk(b"LIST", name + b"".join(chunks))
