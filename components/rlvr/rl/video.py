"""Frames of an encoded video, at a steady rate."""

import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from PIL import Image

from rlvr.data.open_picture import MAX_PIXELS
from rlvr.errors import RlvrError

CONTAINERS = "mov,matroska,avi,mpegts,mpeg,flv,asf,ogg,gif"
"""Container formats that are opened, as FFmpeg calls their readers. Playlists and session descriptions are not among
them: those name further files and addresses, which FFmpeg would open."""

MAX_FRAMES = 2_000_000
"""Frames of a longer video are not counted to their end; at 30 a second it lasts 18 hours."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Frames:
    """Pictures sampled from a video."""

    pictures: tuple[Image.Image, ...]
    """The frames, in order, RGB."""
    per_second: float
    """Frames a second of the video between them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class VideoSize:
    """What a video file says of itself."""

    frames: int
    """Frames in it."""
    per_second: float
    """Frames a second; 0 where it does not say."""
    size_px: tuple[int, int]
    """Width and height of a frame."""


def sample_frames(video: bytes, per_second: float, most: int) -> Frames:
    """Decode `video` at about `per_second` frames a second, evenly thinned to at most `most` frames.

    Raises `ValueError` when it cannot be decoded or has no frames.
    """
    try:
        import av
        from av.video.reformatter import VideoReformatter
    except ImportError as error:
        raise RlvrError("Videos need the package av (PyAV); install rlvr[train].") from error
    try:
        with _opened(video) as (container, stream):
            rate = float(stream.average_rate or 0) or per_second
            count = _counted(container.decode(stream))
            wanted = frames_taken(count, rate, per_second, most)
            chosen = [round(index * (count - 1) / max(1, wanted - 1)) for index in range(wanted)]
            needed = set(chosen)
        colours = VideoReformatter()  # one for all frames: each frame on its own would make a new one
        with _opened(video) as (container, stream):  # again, for all frames at once would fill the memory
            frames = {
                number: Image.fromarray(colours.reformat(frame, format="rgb24").to_ndarray())
                for number, frame in enumerate(container.decode(stream))
                if number in needed
            }
    except (av.FFmpegError, IndexError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error
    if not count:
        raise ValueError("no frames")
    return Frames(pictures=tuple(frames[number] for number in chosen), per_second=rate * wanted / count)


def frames_taken(count: int, rate: float, per_second: float, most: int) -> int:
    """How many of `count` frames, `rate` of them a second, are taken at `per_second`; at least one, at most `most`."""
    return max(1, min(most, round(count / rate * per_second)))


def video_size(video: bytes) -> VideoSize | None:
    """Length and frame size of a video without decoding it; None where it cannot be read, or not here."""
    try:
        import av
    except ImportError:
        return None
    try:
        with _opened(video) as (container, stream):
            size = stream.codec_context.width, stream.codec_context.height
            rate = float(stream.average_rate or 0)
            count = _counted(packet for packet in container.demux(stream) if packet.size)  # a packet holds a frame
    except (av.FFmpegError, IndexError, ValueError):
        return None
    return VideoSize(frames=count, per_second=rate, size_px=size) if count and min(size) > 0 else None


def fault(video: bytes) -> str:
    """Why the first frame of a video cannot be decoded; empty when it can, or when nothing here decodes videos."""
    try:
        import av
    except ImportError:
        return ""
    try:
        with _opened(video) as (container, stream):
            return "" if next(container.decode(stream), None) else "a video without frames"
    except (av.FFmpegError, IndexError) as error:
        return f"{type(error).__name__}: not a video"
    except ValueError as error:
        return str(error)


@contextmanager
def _opened(video: bytes) -> Iterator[tuple[Any, Any]]:
    """A video file's container and its first video stream; `ValueError` when its frames are too large to decode.

    FFmpeg holds later frames, which may be larger than the file says at first, to the same limit.
    """
    import av

    with av.open(io.BytesIO(video), mode="r", options={"format_whitelist": CONTAINERS}) as container:
        stream = container.streams.video[0]
        width, height = stream.codec_context.width, stream.codec_context.height
        if width * height > MAX_PIXELS:
            raise ValueError(f"frames of {width} x {height} pixels are more than the {MAX_PIXELS} allowed")
        stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
        yield container, stream


def _counted(parts: Iterator[Any]) -> int:
    """How many frames or packets there are; `ValueError` above `MAX_FRAMES`."""
    count = 0
    for _ in parts:
        count += 1
        if count > MAX_FRAMES:
            raise ValueError(f"more than the {MAX_FRAMES:,} frames allowed")
    return count


def shrunk(frames: Frames, most_pixels: int) -> Frames:
    """The frames in a size at which their areas together are at most `most_pixels`, never enlarged."""
    whole = frames.pictures[0].size
    size = shrunk_size(whole, len(frames.pictures), most_pixels)
    if size == whole:
        return frames
    return Frames(pictures=tuple(picture.resize(size) for picture in frames.pictures), per_second=frames.per_second)


def shrunk_size(size_px: tuple[int, int], frames: int, most_pixels: int) -> tuple[int, int]:
    """Width and height at which the areas of all frames together are at most `most_pixels`, never enlarged."""
    width, height = size_px
    factor = math.sqrt(most_pixels / (frames * width * height))
    return size_px if factor >= 1 else (max(1, int(width * factor)), max(1, int(height * factor)))


def stills(video: bytes, number: int) -> list[bytes]:
    """`number` frames of a video, evenly over it, as PNG; none where it cannot be decoded, or not here."""
    try:
        frames = sample_frames(video, per_second=1000.0, most=number)
    except (RlvrError, ValueError):
        return []
    found = []
    for picture in frames.pictures:
        encoded = io.BytesIO()
        picture.save(encoded, "PNG")
        found.append(encoded.getvalue())
    return found
