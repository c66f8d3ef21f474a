"""Simple geometry figures: one angle is asked for, the others are written into the figure.

    triangle   two angles at the base are given, the one at the top is asked for
    line       a ray leaves a straight line; the angle on one side is given, the other one is asked for

Figures are true to scale, angles are multiples of 10 degrees, digits are large and dark on pale paper, so that a very
small vision tower can read them. The tint of the paper differs, so that equal figures are different pictures. The
answer is one of `ANSWERS_DEGREES`, each as likely as the others.
"""

import math
import random
from dataclasses import dataclass
from typing import Literal

from PIL import Image, ImageDraw, ImageFont

from rlvr.datasets.png import as_png

WIDTH_PX, HEIGHT_PX = 112, 84
"""Size of a figure."""

ANSWERS_DEGREES = (30, 40, 50, 60, 70, 80, 90)
"""Values that the angle asked for can have."""

Kind = Literal["triangle", "line"]
KINDS: tuple[Kind, ...] = ("triangle", "line")

QUESTIONS: dict[Kind, str] = {
    "triangle": "What is the third angle of the triangle?",
    "line": "What is the other angle on the straight line?",
}
"""A short wording of the question for each kind of figure."""

SCALE = 2
"""Figures are drawn at twice their size and reduced, which smooths edges."""

MARGIN_PX = 4
DIGITS_PX = 20
INK, LABEL = (30, 30, 30), (20, 40, 160)

Point = tuple[float, float]
"""x to the right and y down, in pixels of the finished picture."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """One drawn figure."""

    png: bytes
    """The picture."""
    kind: Kind
    """What is drawn."""
    labelled_degrees: tuple[int, ...]
    """Angles written into the figure, from left to right."""
    answer_degrees: int
    """The angle marked by a question mark: what is missing to 180 degrees."""

    @property
    def question(self) -> str:
        """A question that the figure answers."""
        return QUESTIONS[self.kind]


def draw(rng: random.Random, kind: Kind | None = None) -> Figure:
    """A figure of that kind, or of a kind chosen by `rng`; the same state of `rng` draws the same bytes."""
    drawn: Kind = kind if kind is not None else rng.choice(KINDS)
    answer = rng.choice(ANSWERS_DEGREES)
    paper = (rng.randint(225, 255), rng.randint(225, 255), rng.randint(225, 255))
    canvas = Image.new("RGB", (WIDTH_PX * SCALE, HEIGHT_PX * SCALE), paper)
    pen = ImageDraw.Draw(canvas)
    labelled = _triangle(pen, answer, rng) if drawn == "triangle" else _line(pen, answer, rng)
    png = as_png(canvas.resize((WIDTH_PX, HEIGHT_PX), Image.Resampling.BOX))
    return Figure(png=png, kind=drawn, labelled_degrees=labelled, answer_degrees=answer)


def _triangle(pen: ImageDraw.ImageDraw, answer: int, rng: random.Random) -> tuple[int, int]:
    """A triangle on a level base, as large as fits; the two given angles lie between 40 and 90 degrees."""
    left = rng.choice([angle for angle in range(40, 100, 10) if 40 <= 180 - answer - angle <= 90])
    right = 180 - answer - left
    slopes = _cotangent(left) + _cotangent(right)
    floor = HEIGHT_PX - DIGITS_PX - MARGIN_PX
    height = min(floor - MARGIN_PX, (WIDTH_PX - 2 * MARGIN_PX) / slopes)
    start = (WIDTH_PX - height * slopes) / 2
    end = start + height * slopes
    apex = (start + height * _cotangent(left), floor - height)
    _stroke(pen, (start, floor), (end, floor), apex, (start, floor))
    below = HEIGHT_PX - DIGITS_PX / 2
    apart = max(0, 30 - (end - start)) / 2
    _label(pen, (max(start - apart, 15), below), str(left))
    _label(pen, (min(end + apart, WIDTH_PX - 15), below), str(right))
    depth = 0.6 * height
    _label(pen, (apex[0] + depth * (_cotangent(right) - _cotangent(left)) / 2, apex[1] + depth), "?")
    return left, right


def _line(pen: ImageDraw.ImageDraw, answer: int, rng: random.Random) -> tuple[int]:
    """A level straight line and a ray from its middle; the given angle is on the left or on the right."""
    given = 180 - answer
    given_left = rng.random() < 0.5
    left, right = (given, answer) if given_left else (answer, given)
    floor, middle = HEIGHT_PX - 2 * MARGIN_PX, WIDTH_PX / 2
    direction = math.radians(right)
    reach = min((floor - MARGIN_PX) / math.sin(direction), (middle - MARGIN_PX) / max(abs(math.cos(direction)), 1e-9))
    _stroke(pen, (MARGIN_PX, floor), (WIDTH_PX - MARGIN_PX, floor))
    _stroke(pen, (middle, floor), (middle + reach * math.cos(direction), floor - reach * math.sin(direction)))
    for angle, bisector, is_given in ((left, right + left / 2, given_left), (right, right / 2, not given_left)):
        turn = math.radians(bisector)
        _label(pen, (middle + 34 * math.cos(turn), floor - 34 * math.sin(turn)), str(angle) if is_given else "?")
    return (given,)


def _cotangent(degrees: float) -> float:
    return 1 / math.tan(math.radians(degrees))


def _stroke(pen: ImageDraw.ImageDraw, *points: Point) -> None:
    pen.line([(x * SCALE, y * SCALE) for x, y in points], fill=INK, width=2 * SCALE, joint="curve")


def _label(pen: ImageDraw.ImageDraw, centre: Point, text: str) -> None:
    """Bold text around `centre`."""
    pen.text(
        (centre[0] * SCALE, centre[1] * SCALE),
        text,
        fill=LABEL,
        font=ImageFont.load_default(DIGITS_PX * SCALE),
        anchor="mm",
        stroke_width=SCALE // 2,
    )
