"""A picture of a letter code: pairs `x→y` (code letter, plain letter) in a grid, black on white.

r1-vlm's pictures show 26 pairs in rows of five on 300 or 400 pixels; offline ones show a few pairs of bold letters,
each letter in a square of 28 pixels, which is one token of the tiny backbones.
"""

import math
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from rlvr.datasets.png import as_png

SCALE = 4
"""Letters are drawn at four times their size and reduced, which smooths their edges."""


def draw(
    pairs: Sequence[tuple[str, str]], *, columns: int, cell_px: tuple[int, int], letter_px: int, bold_px: float = 0
) -> bytes:
    """A PNG of `pairs` in rows of `columns`, each in a cell of `cell_px` (width, height).

    `bold_px` is added around the letters' strokes.
    """
    width, height = cell_px
    rows = math.ceil(len(pairs) / columns)
    canvas = Image.new("L", (columns * width * SCALE, rows * height * SCALE), 255)
    pen = ImageDraw.Draw(canvas)
    font = ImageFont.load_default(letter_px * SCALE)
    for place, (code, plain) in enumerate(pairs):
        left, top = place % columns * width * SCALE, place // columns * height * SCALE
        middle = top + height * SCALE / 2
        for share, letter in ((0.25, code), (0.75, plain)):
            place_px = (left + share * width * SCALE, middle)
            pen.text(place_px, letter, fill=0, font=font, anchor="mm", stroke_width=bold_px * SCALE)
        _arrow(pen, left + width * SCALE / 2, middle, width * SCALE / 16)
    return as_png(canvas.reduce(SCALE).convert("RGB"))


def _arrow(pen: ImageDraw.ImageDraw, x: float, y: float, half: float) -> None:
    """An arrow to the right of `2 * half` pixels around (x, y)."""
    thick = max(1, round(half / 4))
    pen.line((x - half, y, x + half, y), fill=0, width=thick)
    pen.polygon([(x + half, y), (x, y - half), (x, y + half)], fill=0)
