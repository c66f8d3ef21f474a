"""Scenes in the manner of CLEVR: shaded spheres, cubes and cylinders on a plane, with perspective and overlap.

Every item shows at least 45 % of its own outline, as CLEVR's generator demands a minimum of visible pixels, so that
the number of items can be read off the picture.
"""

import math
import random
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from rlvr.datasets.png import as_png

WIDTH_PX, HEIGHT_PX = 128, 96
"""Size of a synthetic scene (CLEVR's own are 480 x 320)."""

COLOURS = {
    "gray": (87, 87, 87),
    "red": (173, 35, 35),
    "blue": (42, 75, 215),
    "green": (29, 105, 20),
    "brown": (129, 74, 25),
    "purple": (129, 38, 192),
    "cyan": (41, 208, 208),
    "yellow": (255, 238, 51),
}
"""CLEVR's eight colours, sRGB."""

SHAPES = ("sphere", "cube", "cylinder")
MIN_VISIBLE = 0.45
SCALE = 2
"""Scenes are drawn at twice their size and reduced, which smooths edges."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One item of a scene."""

    shape: str
    """One of `SHAPES`."""
    colour: tuple[int, int, int]
    """Base colour, sRGB."""
    metal: bool
    """Whether it has a bright highlight."""
    centre_px: tuple[float, float]
    """Centre, in pixels of the finished picture."""
    radius_px: float
    """Half of its width, in pixels of the finished picture; items further back (higher up) are smaller."""


def draw(count: int, rng: random.Random) -> bytes:
    """A PNG of a scene with exactly `count` items, all of them visible."""
    return paint(arrange(count, rng), rng)


def paint(items: list[Item], rng: random.Random) -> bytes:
    """A PNG of a scene with these items, which are given from back to front."""
    canvas = _floor(rng)
    for item in items:
        _paint(canvas, item)
    return as_png(canvas.resize((WIDTH_PX, HEIGHT_PX), Image.Resampling.BOX), compress_level=1)


def arrange(count: int, rng: random.Random) -> list[Item]:
    """Places for `count` items, from back to front, each at least `MIN_VISIBLE` uncovered."""
    while True:
        items = sorted((_item(rng) for _ in range(count)), key=lambda item: item.centre_px[1])
        if not _crowded(items) and min(visible_fractions(items)) >= MIN_VISIBLE:
            return items


def visible_fractions(items: list[Item]) -> list[float]:
    """The share of every item's outline that no later item covers (outlines taken as discs)."""
    y, x = np.ogrid[0:HEIGHT_PX, 0:WIDTH_PX]
    covered = np.zeros((HEIGHT_PX, WIDTH_PX), bool)
    fractions = []
    for item in reversed(items):
        outline = (x - item.centre_px[0]) ** 2 + (y - item.centre_px[1]) ** 2 <= item.radius_px**2
        fractions.append(float((outline & ~covered).sum() / max(1, outline.sum())))
        covered |= outline
    return fractions[::-1]


def _crowded(items: list[Item]) -> bool:
    """Whether two centres are so close that the items would look like one."""
    for number, item in enumerate(items):
        for other in items[:number]:
            if math.dist(item.centre_px, other.centre_px) < 0.8 * (item.radius_px + other.radius_px):
                return True
    return False


def _item(rng: random.Random) -> Item:
    depth = rng.random()
    radius = (9.5 if rng.random() < 0.5 else 6.5) * (0.8 + 0.4 * depth)
    return Item(
        shape=rng.choice(SHAPES),
        colour=rng.choice(list(COLOURS.values())),
        metal=rng.random() < 0.5,
        centre_px=(rng.uniform(12, WIDTH_PX - 12), 24 + depth * (HEIGHT_PX - 38)),
        radius_px=radius,
    )


def _floor(rng: random.Random) -> Image.Image:
    """A grey plane that is lighter towards the back, with a little grain."""
    shade = np.linspace(196, 150, HEIGHT_PX * SCALE)[:, None]
    grain = np.random.default_rng(rng.getrandbits(32)).normal(0, 2, (HEIGHT_PX * SCALE, WIDTH_PX * SCALE))
    return Image.fromarray(np.clip(shade + grain, 0, 255).astype("uint8")).convert("RGB")


def _paint(canvas: Image.Image, item: Item) -> None:
    """Draw the shadow, then the shaded item."""
    radius = item.radius_px * SCALE
    cx, cy = item.centre_px[0] * SCALE, item.centre_px[1] * SCALE
    pen = ImageDraw.Draw(canvas, "RGBA")
    pen.ellipse((cx - radius * 0.8, cy + radius * 0.5, cx + radius * 1.4, cy + radius * 1.15), fill=(60, 60, 60, 90))
    side = int(2 * radius)
    ball = _shading(side, item)
    canvas.paste(ball, (int(cx - radius), int(cy - radius)), _outline(side, item.shape))


def _shading(side: int, item: Item) -> Image.Image:
    """The item's colour, lit from the upper left; metal has a sharp highlight, rubber a dull one."""
    y, x = np.mgrid[0:side, 0:side] / max(1, side - 1) * 2 - 1
    flat: NDArray[np.float64] = np.array(item.colour, float)[None, None, :]
    if item.shape == "sphere":
        z = np.sqrt(np.clip(1 - x**2 - y**2, 0, 1))
        light = np.clip(-0.5 * x - 0.6 * y + 0.62 * z, 0, 1)
    elif item.shape == "cylinder":
        z = np.sqrt(np.clip(1 - x**2, 0, 1))
        light = np.where(y < -0.55, 0.95, np.clip(-0.5 * x + 0.75 * z, 0, 1))
    else:
        light = np.where(y < -0.45, 0.95, np.where(x < 0.25, 0.7, 0.4))
    highlight = np.clip(light - 0.85, 0, 1) * (5.0 if item.metal else 1.0)
    shaded = flat * (0.35 + 0.75 * light[..., None]) + 255 * highlight[..., None]
    return Image.fromarray(np.clip(shaded, 0, 255).astype("uint8"))


def _outline(side: int, shape: str) -> Image.Image:
    """The item's silhouette as a mask."""
    mask = Image.new("L", (side, side), 0)
    pen = ImageDraw.Draw(mask)
    end = side - 1
    if shape == "sphere":
        pen.ellipse((0, 0, end, end), fill=255)
    elif shape == "cylinder":
        lid = int(side * 0.3)
        pen.rectangle((side * 0.1, lid // 2, end - side * 0.1, end - lid // 2), fill=255)
        pen.ellipse((side * 0.1, 0, end - side * 0.1, lid), fill=255)
        pen.ellipse((side * 0.1, end - lid, end - side * 0.1, end), fill=255)
    else:
        cut = int(side * 0.2)
        pen.polygon([(0, cut), (cut, 0), (end, 0), (end, end - cut), (end - cut, end), (0, end)], fill=255)
    return mask
