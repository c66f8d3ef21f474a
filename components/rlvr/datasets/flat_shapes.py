"""Pictures of two or three large flat shapes in different colours, each with its exact box.

Sides and places are multiples of 14 px (a patch), so that boxes are few and easy to see even for a tiny model.
"""

import io
import random
from dataclasses import dataclass

from PIL import Image, ImageDraw

WIDTH_PX, HEIGHT_PX = 112, 84
"""Size of a picture: 4 x 3 tokens of 28 px, its own grid in Qwen-VL's processor."""

CELL_PX = 14
SIDES_PX = (28, 42)

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
    """`count` shapes of different colours whose boxes do not meet, from left to right."""
    while True:
        boxes = [_box(rng) for _ in range(count)]
        if not any(_meet(one, other) for place, one in enumerate(boxes) for other in boxes[:place]):
            break
    colours = rng.sample(list(COLOURS), count)
    shapes = [Shape(kind=rng.choice(KINDS), colour=colour, box=box) for colour, box in zip(colours, boxes, strict=True)]
    return sorted(shapes, key=lambda shape: shape.box)


def draw(shapes: list[Shape], rng: random.Random) -> bytes:
    """A PNG of the shapes on a light ground of random shade."""
    ground = rng.randint(225, 255)
    canvas = Image.new("RGB", (WIDTH_PX, HEIGHT_PX), (ground, ground, ground))
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
    encoded = io.BytesIO()
    canvas.save(encoded, "PNG")
    return encoded.getvalue()


def narrowed(box: Box) -> Box:
    """A carelessly drawn box: its right edge comes one cell too early."""
    return box[0], box[1], box[2] - CELL_PX, box[3]


def _box(rng: random.Random) -> Box:
    side = rng.choice(SIDES_PX)
    x1, y1 = (rng.randrange(0, length - side + 1, CELL_PX) for length in (WIDTH_PX, HEIGHT_PX))
    return x1, y1, x1 + side, y1 + side


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
