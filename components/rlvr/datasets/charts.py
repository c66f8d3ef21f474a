"""Bar charts: three columns of blocks in three colours, letters below; how tall is one, or which is the tallest?

    height    "How tall is the red bar?"        4          (1 to 9 blocks)
    tallest   "Which bar is the tallest?"       (B) second  (options "first", "second", "third" from the left)

Bars stand on a pale paper whose tint differs, so that equal charts are different pictures. One bar is taller than the
others, and it is not the one whose height is asked for, so that looking at the tallest alone gives a wrong answer.
`read` measures a picture again, for tests and for demonstrations (`looked_up`).
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from rlvr.data.open_picture import open_picture
from rlvr.datasets.png import as_png

WIDTH_PX, HEIGHT_PX = 84, 84
"""Size of a chart: one column of 28 pixels a bar."""

COLOURS = {"red": (200, 30, 30), "green": (20, 130, 40), "blue": (30, 60, 210)}
"""Colours of the bars, sRGB; every chart shows each once."""

PLACES = ("first", "second", "third")
"""Names of the bars from left to right."""

TALLEST = "Which bar is the tallest?"

BLOCK_PX, GAP_PX, FLOOR_PX = 9, 1, 83
"""Height of a block with its gap, the gap, and the line that bars stand on."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar."""

    colour: str
    """One of `COLOURS`."""
    height: int
    """Number of its blocks, 1 to 9."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """A chart with a question."""

    picture: bytes
    """PNG."""
    question: str
    """A short question that the picture answers; without the options."""
    choices: tuple[str, ...] | None
    """The options of a question for a place; None for a number."""
    answer: str
    """The number, or the text of the right option."""
    bars: tuple[Bar, ...]
    """What the picture shows, from left to right."""

    @property
    def letter(self) -> str:
        """Letter of the right option."""
        return "ABC"[PLACES.index(self.answer)]


def items(n: int, seed: str, tallest: float = 0.0) -> Iterator[Item]:
    """`n` charts drawn from `seed`, of which a share `tallest` ask for the tallest bar and the others for a height.

    Give every data set a seed of its own, e.g. `f"math_vista {seed}"`.
    """
    rng = random.Random(seed)
    for _ in range(n):
        heights = [rng.randint(1, 8) for _ in PLACES]
        top = rng.randrange(len(PLACES))
        heights[top] = rng.randint(max(heights) + 1, 9)
        colours = rng.sample(list(COLOURS), len(PLACES))
        bars = tuple(Bar(colour, height) for colour, height in zip(colours, heights, strict=True))
        picture = draw(bars, rng)
        if rng.random() < tallest:
            yield Item(picture=picture, question=TALLEST, choices=PLACES, answer=PLACES[top], bars=bars)
        else:
            asked = rng.choice([bar for bar in bars if bar != bars[top]])
            question = f"How tall is the {asked.colour} bar?"
            yield Item(picture=picture, question=question, choices=None, answer=str(asked.height), bars=bars)


def draw(bars: Sequence[Bar], rng: random.Random) -> bytes:
    """A PNG of the bars on paper of a random pale tint."""
    canvas = Image.new("RGB", (WIDTH_PX, HEIGHT_PX), tuple(rng.randint(232, 255) for _ in range(3)))
    pen = ImageDraw.Draw(canvas)
    column = WIDTH_PX // len(PLACES)
    for place, bar in enumerate(bars):
        for block in range(bar.height):
            bottom = FLOOR_PX - block * BLOCK_PX
            box = (place * column + 4, bottom - BLOCK_PX + GAP_PX + 1, (place + 1) * column - 5, bottom)
            pen.rectangle(box, fill=COLOURS[bar.colour])
    return as_png(canvas)


def read(picture: bytes) -> tuple[Bar, ...]:
    """The bars that a chart shows, from left to right."""
    with open_picture(picture) as opened:
        pixels = np.asarray(opened.convert("RGB")).astype(int)
    column = WIDTH_PX // len(PLACES)
    bars = []
    for place in range(len(PLACES)):
        middle = pixels[:, place * column + column // 2]
        inked = {name: int((np.abs(middle - colour).sum(1) < 60).sum()) for name, colour in COLOURS.items()}
        colour = max(inked, key=inked.__getitem__)
        bars.append(Bar(colour, round(inked[colour] / (BLOCK_PX - GAP_PX))))
    return tuple(bars)


def looked_up(picture: bytes, question: str, chance: int) -> tuple[str, str]:
    """A short thought about a chart and the answer that follows from it, as demonstrations need them.

    `chance` is any number that differs from row to row. Of the questions for a height, those for the green and the blue
    bar are answered carelessly in four of five cases, with the height of the tallest bar instead: the base reads bars
    well but does not always look at the one asked for, and RL has something to teach.
    """
    bars = read(picture)
    tallest = max(bars, key=lambda bar: bar.height)
    if question.startswith(TALLEST):
        place = PLACES[bars.index(tallest)]
        return f"The tallest is the {place}.", "ABC"[bars.index(tallest)]
    asked = next(bar for bar in bars if f" {bar.colour} " in question)
    if asked.colour != "red" and chance % 5 < 4:
        return f"The tallest is {tallest.height}.", str(tallest.height)
    return f"The {asked.colour} is {asked.height}.", str(asked.height)
