"""Pictures of two or three large flat shapes in different colours, each with its exact box.

Every shape fills one cell of 28 px, which is one token of Qwen-VL, so that boxes are few and easy to see even for a
tiny model.
"""

import random
from dataclasses import dataclass

from PIL import Image, ImageDraw

from rlvr.datasets.png import as_png

WIDTH_PX, HEIGHT_PX = 84, 56
"""Size of a picture: 3 x 2 cells, its own grid in Qwen-VL's processor."""

CELL_PX = 28

CUT_PX = 14
"""What a carelessly drawn box lacks on its right."""

COLOURS = {"red": (215, 30, 30), "green": (20, 150, 40), "blue": (35, 60, 220), "yellow": (245, 205, 20)}
"""Names and sRGB values."""

KINDS = ("circle", "square", "triangle")

Box = tuple[int, int, int, int]
"""x1, y1, x2, y2 in pixels; x2 and y2 lie just outside."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """One shape of a picture."""

    kind: str
    """One of `KINDS`."""
    colour: str
    """One of `COLOURS`."""
    box: Box
    """The smallest box around it."""

    @property
    def name(self) -> str:
        """Colour and kind, e.g. `red circle`."""
        return f"{self.colour} {self.kind}"


def arrange(count: int, rng: random.Random) -> list[Shape]:
    """`count` shapes of different colours in different cells, from left to right."""
    cells = [(x, y) for x in range(0, WIDTH_PX, CELL_PX) for y in range(0, HEIGHT_PX, CELL_PX)]
    boxes = [(x, y, x + CELL_PX, y + CELL_PX) for x, y in rng.sample(cells, count)]
    colours = rng.sample(list(COLOURS), count)
    shapes = [Shape(kind=rng.choice(KINDS), colour=colour, box=box) for colour, box in zip(colours, boxes, strict=True)]
    return sorted(shapes, key=lambda shape: shape.box)


def draw(shapes: list[Shape], rng: random.Random) -> bytes:
    """A PNG of the shapes on a light ground of random tint, so that hardly any two pictures are equal."""
    ground = (rng.randint(225, 255), rng.randint(225, 255), rng.randint(225, 255))
    canvas = Image.new("RGB", (WIDTH_PX, HEIGHT_PX), ground)
    pen = ImageDraw.Draw(canvas)
    for shape in shapes:
        x1, y1, x2, y2 = shape.box
        edges, colour = (x1, y1, x2 - 1, y2 - 1), COLOURS[shape.colour]
        if shape.kind == "circle":
            pen.ellipse(edges, fill=colour)
        elif shape.kind == "square":
            pen.rectangle(edges, fill=colour)
        else:
            pen.polygon([(x1, y2 - 1), ((x1 + x2 - 1) / 2, y1), (x2 - 1, y2 - 1)], fill=colour)
    return as_png(canvas)


def narrowed(box: Box) -> Box:
    """A carelessly drawn box: its right edge comes too early."""
    return box[0], box[1], box[2] - CUT_PX, box[3]
