"""A row of dice seen from above: white faces with black pips, 1 to 6, on a coloured table."""

import random
from collections.abc import Sequence

from PIL import Image, ImageDraw

from rlvr.datasets.png import as_png

SIDE_PX = 28
"""Side of the square that holds one die."""

SCALE = 4
"""Dice are drawn at four times their size and reduced, which smooths edges."""

TABLES = ((24, 92, 58), (40, 60, 120), (110, 34, 40), (92, 62, 30))
"""Colours of the table, sRGB."""

PIPS = {
    1: ((0, 0),),
    2: ((-1, -1), (1, 1)),
    3: ((-1, -1), (0, 0), (1, 1)),
    4: ((-1, -1), (-1, 1), (1, -1), (1, 1)),
    5: ((-1, -1), (-1, 1), (0, 0), (1, -1), (1, 1)),
    6: ((-1, -1), (-1, 0), (-1, 1), (1, -1), (1, 0), (1, 1)),
}
"""Places of the pips of each face, in steps from its centre."""


def draw(values: Sequence[int], rng: random.Random) -> bytes:
    """A PNG of dice that show `values` from left to right, each shifted a little in its square."""
    side = SIDE_PX * SCALE
    canvas = Image.new("RGB", (side * len(values), side), rng.choice(TABLES))
    pen = ImageDraw.Draw(canvas)
    for place, value in enumerate(values):
        x = side * (place + 0.5) + rng.randint(-4, 4)
        y = side / 2 + rng.randint(-4, 4)
        pen.rounded_rectangle((x - 46, y - 46, x + 46, y + 46), radius=14, fill=(245, 245, 240))
        for across, down in PIPS[value]:
            pen.circle((x + 25 * across, y + 25 * down), radius=10, fill=(10, 10, 10))
    return as_png(canvas.reduce(SCALE))
