"""Pictures of one to three toys of different kinds, each in a square of its own, for questions about kinds and places.

Every kind has one shape and one colour, so that a very small vision tower tells them apart. Boxes are exact.
"""

import math
import random
from dataclasses import dataclass

from PIL import Image, ImageDraw

from rlvr.datasets.png import as_png

CELL_PX, COLUMNS, ROWS = 28, 4, 3
"""Squares of a picture: 4 x 3 of 28 pixels, which is what one picture token of Qwen2-VL sees."""

COLOURS = {"ball": (200, 30, 30), "box": (40, 70, 220), "star": (250, 200, 20), "tent": (20, 140, 40)}
"""The kinds of toys, sRGB."""

KINDS = tuple(COLOURS)
SCALE = 2
"""Pictures are drawn at twice their size and reduced, which smooths edges."""

Box = tuple[int, int, int, int]
"""x1, y1, x2, y2 in pixels."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A picture and what it shows."""

    png: bytes
    """The picture."""
    boxes: dict[str, Box]
    """Kind of toy -> its place, in the order of `KINDS`."""


def draw(rng: random.Random) -> Picture:
    """One to three toys in different squares on tinted paper."""
    chosen = rng.sample(KINDS, rng.randint(1, 3))
    kinds = [kind for kind in KINDS if kind in chosen]
    cells = rng.sample([(column, row) for row in range(ROWS) for column in range(COLUMNS)], len(kinds))
    paper = (rng.randint(215, 255), rng.randint(215, 255), rng.randint(215, 255))
    canvas = Image.new("RGB", (COLUMNS * CELL_PX * SCALE, ROWS * CELL_PX * SCALE), paper)
    pen = ImageDraw.Draw(canvas)
    boxes = {kind: box_of(*cell) for kind, cell in zip(kinds, cells, strict=True)}
    for kind, box in boxes.items():
        _paint(pen, kind, box)
    return Picture(png=as_png(canvas.resize((COLUMNS * CELL_PX, ROWS * CELL_PX), Image.Resampling.BOX)), boxes=boxes)


def box_of(column: int, row: int) -> Box:
    """Place of a toy in a square, counted from 0 at the upper left; one pixel is left free all around."""
    x, y = column * CELL_PX, row * CELL_PX
    return x + 1, y + 1, x + CELL_PX - 1, y + CELL_PX - 1


def beside(box: Box) -> Box:
    """The box half a square to the right, at the right edge to the left: it overlaps the first by a third."""
    step = CELL_PX // 2 if box[2] + CELL_PX // 2 <= COLUMNS * CELL_PX else -CELL_PX // 2
    return box[0] + step, box[1], box[2] + step, box[3]


def _paint(pen: ImageDraw.ImageDraw, kind: str, box: Box) -> None:
    x1, y1, x2, y2 = (value * SCALE for value in box)
    colour, middle = COLOURS[kind], (x1 + x2) / 2
    if kind == "ball":
        pen.ellipse((x1, y1, x2 - 1, y2 - 1), fill=colour)
    elif kind == "box":
        pen.rectangle((x1, y1, x2 - 1, y2 - 1), fill=colour)
    elif kind == "tent":
        pen.polygon([(middle, y1), (x2 - 1, y2 - 1), (x1, y2 - 1)], fill=colour)
    else:
        radius, centre = (x2 - x1) / 2, ((x1 + x2) / 2, (y1 + y2) / 2)
        corners = [
            (
                centre[0] + radius * (1.0 if number % 2 == 0 else 0.45) * math.sin(math.pi * number / 5),
                centre[1] - radius * (1.0 if number % 2 == 0 else 0.45) * math.cos(math.pi * number / 5),
            )
            for number in range(10)
        ]
        pen.polygon(corners, fill=colour)
