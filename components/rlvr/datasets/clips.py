"""Little clips: a ball that is there for a part of the time, or a box that changes sides; sharp or blurred.

    ball     8 frames of 56 x 28 px, one a second; the ball lies on one spot from second `start` to second `end`
    box      7 frames; a box fills the left or the right half and may change sides once

The tint of the floor and the ball's spot differ, so that equal stories are different videos.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from rlvr.data.open_picture import open_picture
from rlvr.datasets import motion_jpeg

WIDTH_PX, HEIGHT_PX = 56, 28
"""Size of a frame."""

SECONDS = 8
"""Length of a clip with a ball, one frame a second."""

COLOURS = {
    "red": (205, 25, 25),
    "green": (15, 140, 30),
    "blue": (30, 50, 215),
    "yellow": (245, 215, 20),
    "black": (15, 15, 15),
}
"""Colours of balls and boxes, sRGB."""

Colour = tuple[int, int, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Clip:
    """A clip with a ball."""

    video: bytes
    """The video, AVI."""
    colour: str
    """One of `COLOURS`."""
    start_seconds: int
    """When the ball comes, 0 to 6."""
    end_seconds: int
    """When it is gone, 1 to 8, later than it came; before the clip's end in most clips."""


def balls(n: int, seed: str) -> Iterator[Clip]:
    """`n` clips drawn from `seed`; every source has a seed of its own."""
    rng = random.Random(seed)
    for _ in range(n):
        colour = rng.choice(list(COLOURS))
        start = rng.randint(0, SECONDS - 3)
        end = rng.randint(start + 1, SECONDS - 1)
        yield Clip(video=ball(colour, start, end, rng), colour=colour, start_seconds=start, end_seconds=end)


def ball(colour: str, start: int, end: int, rng: random.Random, blur_px: float = 0.0) -> bytes:
    """The video of one story."""
    floor, radius = _tint(rng), rng.randint(10, 12)
    x, y = rng.randint(radius + 1, WIDTH_PX - radius - 2), rng.randint(radius + 1, HEIGHT_PX - radius - 2)
    frames = []
    for second in range(SECONDS):
        picture = Image.new("RGB", (WIDTH_PX, HEIGHT_PX), floor)
        if start <= second < end:
            spot = (x - radius, y - radius, x + radius, y + radius)
            ImageDraw.Draw(picture).ellipse(spot, fill=COLOURS[colour])
        frames.append(motion_jpeg.jpeg(picture.filter(ImageFilter.GaussianBlur(blur_px)) if blur_px else picture))
    return motion_jpeg.video(frames, per_second=1.0)


def sides(places: list[int], colour: str, rng: random.Random) -> list[bytes]:
    """Frames, JPEG, of a box in the left (0) or right (1) half."""
    floor, half = _tint(rng), WIDTH_PX // 2
    frames = []
    for place in places:
        picture = Image.new("RGB", (WIDTH_PX, HEIGHT_PX), floor)
        ImageDraw.Draw(picture).rectangle(
            (place * half, 0, (place + 1) * half - 1, HEIGHT_PX - 1), fill=COLOURS[colour]
        )
        frames.append(motion_jpeg.jpeg(picture))
    return frames


def _tint(rng: random.Random) -> Colour:
    return rng.randint(150, 255), rng.randint(150, 255), rng.randint(150, 255)


def seen(jpegs: list[bytes], colour: str) -> list[bool]:
    """In which of the frames a fair part has the colour, for tests."""
    shares = []
    for one in jpegs:
        with open_picture(one) as opened:
            pixels = np.asarray(opened.convert("RGB")).astype(int)
        shares.append(float((np.abs(pixels - COLOURS[colour]).sum(2) < 90).mean()))
    return [share > 0.1 for share in shares]
