"""Two coloured shapes on paper, with a question about where one is as seen from the other, or which is closer.

    beside   "Where is the red item, seen from the blue one?"       left or right
    over     "Where is the red item, seen from the blue one?"       above or below
    depth    "Which item is closer, the red or the blue one?"       red or blue (the closer one is far larger)

For synthetic rows of spatial data sets. Give every data set a seed of its own. A shape stands in one cell of 28 px,
which is one token of Qwen-VL, so that a tiny model can see where it is.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image, ImageDraw

from rlvr.datasets.png import as_png

SIDE_PX = 84
"""Side of a picture: 3 x 3 cells."""

CELL_PX = 28

FAR_PX = 10
"""Side of the shape that is further away; a closer one fills its cell."""

COLOURS = {"red": (215, 30, 30), "blue": (35, 60, 220), "yellow": (245, 205, 20), "cyan": (30, 190, 200)}
"""Colours that are easy to tell apart, sRGB."""

KINDS = ("beside", "over", "depth")
"""Kinds of questions, asked in turn."""

Cell = tuple[int, int]
"""Column and row."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """A picture of two objects with a question."""

    picture: bytes
    """PNG."""
    kind: str
    """`beside`, `over` or `depth`."""
    question: str
    """A question for one of two options; without the options."""
    options: tuple[str, str]
    """Both options, the first drawn at random."""
    answer: str
    """The right one."""


def pairs(n: int, seed: str) -> Iterator[Pair]:
    """`n` pairs drawn from `seed`, of all three kinds in turn."""
    rng = random.Random(seed)
    for number in range(n):
        kind = KINDS[number % len(KINDS)]
        one, other = rng.sample(sorted(COLOURS), 2)
        first = rng.random() < 0.5
        places: tuple[Cell, Cell] = ((1, 0), (1, 2)) if kind == "over" else ((0, 1), (2, 1))
        sizes = (CELL_PX, CELL_PX)
        if kind == "depth":  # which side the closer one stands on means nothing
            places = places if rng.random() < 0.5 else places[::-1]
            sizes = (CELL_PX, FAR_PX) if first else (FAR_PX, CELL_PX)
            options, question = (one, other), f"Which item is closer, the {one} or the {other} one?"
        else:  # left and above are the first place
            places = places if first else places[::-1]
            options = ("left", "right") if kind == "beside" else ("above", "below")
            question = f"Where is the {one} item, seen from the {other} one?"
        shown = options if rng.random() < 0.5 else options[::-1]
        picture = _draw([(one, places[0], sizes[0]), (other, places[1], sizes[1])], rng)
        yield Pair(picture=picture, kind=kind, question=question, options=shown, answer=options[0 if first else 1])


def colours_of(pair: Pair) -> tuple[str, str]:
    """Colours of the item asked about and of the other one."""
    one, other = (word for word in pair.question.replace(",", "").split() if word in COLOURS)
    return one, other


def _draw(items: list[tuple[str, Cell, int]], rng: random.Random) -> bytes:
    """A PNG of the shapes, each a colour, a cell and a size in pixels."""
    shade = rng.randint(225, 255)
    canvas = Image.new("RGB", (SIDE_PX, SIDE_PX), (shade, shade, shade))
    pen = ImageDraw.Draw(canvas)
    for colour, (column, row), size in items:
        inset = (CELL_PX - size) // 2
        x, y = column * CELL_PX + inset, row * CELL_PX + inset
        fill = tuple(max(0, min(255, value + rng.randint(-10, 10))) for value in COLOURS[colour])
        draw = rng.choice((pen.ellipse, pen.rectangle))
        draw((x, y, x + size - 1, y + size - 1), fill=fill)
    return as_png(canvas)
