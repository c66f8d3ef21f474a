"""Pictures of one or two large solid things on a plain ground, for detection, grounding and classification.

A thing is known by its colour and its outline (`Look`) and fills its box exactly. Boxes are made of whole cells of a
4 x 4 grid: coordinates are multiples of 250 thousandths, one cell is one picture token of Qwen2-VL (28 px).
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from rlvr.datasets.png import as_png

CELLS = 4
CELL_PX = 28
SIDE_PX = CELLS * CELL_PX
"""Width and height of a picture."""

CELL = 1000 // CELLS
"""A cell in thousandths of the picture."""

SCALE = 3
"""Pictures are drawn at three times their size and reduced, which smooths edges."""

Box = tuple[int, int, int, int]
"""x1, y1, x2, y2 in thousandths."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """How a kind of thing looks."""

    colour: tuple[int, int, int]
    """Fill, sRGB."""
    outline: str
    """Its silhouette: rectangle, ellipse, octagon, diamond, triangle or cross."""


LOOKS = tuple(
    Look(colour=colour, outline=outline)
    for colour, outline in (
        ((240, 200, 30), "rectangle"),
        ((30, 70, 200), "ellipse"),
        ((240, 130, 30), "cross"),
        ((215, 40, 40), "octagon"),
        ((30, 140, 60), "triangle"),
        ((110, 70, 40), "ellipse"),
        ((120, 50, 160), "diamond"),
        ((30, 180, 190), "rectangle"),
    )
)
"""Eight looks, different in colour, so that colour alone tells them apart."""


def place(count: int, rng: random.Random, sides: Sequence[int] = (2,)) -> list[Box]:
    """Boxes of `count` things that do not touch, with sides of so many cells."""
    while True:
        boxes = [_box(rng, sides) for _ in range(count)]
        if not any(_close(one, other) for number, one in enumerate(boxes) for other in boxes[:number]):
            return boxes


def whereabouts(box: Sequence[float]) -> str:
    """Where the middle of a box lies, in two words: `left top`, `middle centre`."""
    across, down = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return f"{_third(across, ('left', 'middle', 'right'))} {_third(down, ('top', 'centre', 'bottom'))}"


def _third(place: float, words: tuple[str, str, str]) -> str:
    return words[0] if place < 450 else words[1] if place <= 550 else words[2]


def sloppy(box: Sequence[float]) -> Box:
    """The box with its upper edge a cell too high, or too low where it stands at the top of the picture."""
    x1, y1, x2, y2 = (int(coordinate) for coordinate in box)
    return x1, y1 - CELL if y1 > 0 else y1 + CELL, x2, y2


GROUND, TEST_GROUND = (205, 250), (182, 198)
"""Least and greatest red, green and blue of a ground. That of test pictures is darker than any of training: a scene
that both show is then two pictures, for people and for the search for copies."""


def draw(things: Sequence[tuple[Look, Box]], rng: random.Random, ground: tuple[int, int] = GROUND) -> bytes:
    """A PNG of the things on a pale ground whose tint differs, so that equal scenes are different pictures."""
    tint = tuple(rng.randint(*ground) for _ in range(3))
    canvas = Image.new("RGB", (SIDE_PX * SCALE, SIDE_PX * SCALE), tint)
    pen = ImageDraw.Draw(canvas)
    for look, box in things:
        _paint(pen, look, [coordinate * SIDE_PX * SCALE / 1000 for coordinate in box])
    return as_png(canvas.resize((SIDE_PX, SIDE_PX), Image.Resampling.BOX))


def _box(rng: random.Random, sides: Sequence[int]) -> Box:
    width, height = rng.choice(sides), rng.choice(sides)
    left, top = rng.randint(0, CELLS - width), rng.randint(0, CELLS - height)
    return left * CELL, top * CELL, (left + width) * CELL, (top + height) * CELL


def _close(one: Box, other: Box) -> bool:
    """Whether two boxes overlap."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _paint(pen: ImageDraw.ImageDraw, look: Look, box: Sequence[float]) -> None:
    """The outline, filled, touching all four sides of the box."""
    x1, y1, x2, y2 = box[0], box[1], box[2] - 1, box[3] - 1
    ink = tuple(part // 2 for part in look.colour)
    if look.outline == "rectangle":
        pen.rectangle((x1, y1, x2, y2), fill=look.colour, outline=ink, width=SCALE)
    elif look.outline == "ellipse":
        pen.ellipse((x1, y1, x2, y2), fill=look.colour, outline=ink, width=SCALE)
    else:
        points = [(x1 + u * (x2 - x1), y1 + v * (y2 - y1)) for u, v in _UNIT[look.outline]]
        pen.polygon(points, fill=look.colour, outline=ink, width=SCALE)


_CUT = 1 - 1 / math.sqrt(2)
_UNIT: dict[str, tuple[tuple[float, float], ...]] = {
    "octagon": ((_CUT, 0), (1 - _CUT, 0), (1, _CUT), (1, 1 - _CUT), (1 - _CUT, 1), (_CUT, 1), (0, 1 - _CUT), (0, _CUT)),
    "diamond": ((0.5, 0), (1, 0.5), (0.5, 1), (0, 0.5)),
    "triangle": ((0.5, 0), (1, 1), (0, 1)),
    "cross": tuple(
        (x / 3, y / 3)
        for x, y in ((1, 0), (2, 0), (2, 1), (3, 1), (3, 2), (2, 2), (2, 3), (1, 3), (1, 2), (0, 2), (0, 1), (1, 1))
    ),
}
"""Corners in the unit square."""
