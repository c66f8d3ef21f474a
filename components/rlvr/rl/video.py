"""Frames of an encoded video, at a steady rate."""

import io
import math
from dataclasses import dataclass

from PIL import Image

from rlvr.errors import RlvrError


@dataclass(frozen=True, kw_only=True, slots=True)
class Frames:
    """Pictures sampled from a video."""

    pictures: tuple[Image.Image, ...]
    """The frames, in order, RGB."""
    per_second: float
    """Frames a second of the video between them."""


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
        with av.open(io.BytesIO(video), mode="r") as container:
            stream = container.streams.video[0]
            rate = float(stream.average_rate or 0) or per_second
            count = sum(1 for _ in container.decode(stream))
            wanted = max(1, min(most, round(count / rate * per_second)))
            chosen = [round(index * (count - 1) / max(1, wanted - 1)) for index in range(wanted)]
            needed = set(chosen)
        colours = VideoReformatter()  # one for all frames: each frame on its own would make a new one
        with av.open(io.BytesIO(video), mode="r") as container:  # again, for all frames at once would fill the memory
            frames = {
                number: Image.fromarray(colours.reformat(frame, format="rgb24").to_ndarray())
                for number, frame in enumerate(container.decode(container.streams.video[0]))
                if number in needed
            }
    except (av.FFmpegError, IndexError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error
    if not count:
        raise ValueError("no frames")
    return Frames(pictures=tuple(frames[number] for number in chosen), per_second=rate * wanted / count)


def fault(video: bytes) -> str:
    """Why the first frame of a video cannot be decoded; empty when it can, or when nothing here decodes videos."""
    try:
        import av
    except ImportError:
        return ""
    try:
        with av.open(io.BytesIO(video), mode="r") as container:
            return "" if next(container.decode(container.streams.video[0]), None) else "a video without frames"
    except (av.FFmpegError, IndexError) as error:
        return f"{type(error).__name__}: not a video"


def shrunk(frames: Frames, most_pixels: int) -> Frames:
    """The frames in a size at which their areas together are at most `most_pixels`, never enlarged."""
    width, height = frames.pictures[0].size
    factor = math.sqrt(most_pixels / (len(frames.pictures) * width * height))
    if factor >= 1:
        return frames
    size = max(1, int(width * factor)), max(1, int(height * factor))
    return Frames(pictures=tuple(picture.resize(size) for picture in frames.pictures), per_second=frames.per_second)


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
