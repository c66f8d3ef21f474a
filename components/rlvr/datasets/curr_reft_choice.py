"""Curr-ReFT's second stage: option letters, one for mathematics and places, one or more for classes.

Files of `curr_reft`: choice_math*, choice_classify* and choice_detection*; columns problem, solution, task, image.
"""

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from rlvr.data.rows import Row
from rlvr.data.source import RawRow, Source
from rlvr.datasets import curr_reft, figures, toys

LETTERS = ("A", "B", "C", "D")


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields."""
    return curr_reft.fields(raw, "options")


def demonstrate(row: Row) -> str:
    """A worked response; three of five take the first option that fits for all, or simply the first."""
    letters = row["answer"].split(", ")
    if int(row["row_id"], 16) % 5 < 3:
        return curr_reft.response("The first will do.", letters[0] if len(letters) > 1 else LETTERS[0])
    return curr_reft.response("I compare them all.", row["answer"])


def synthetic_math(n: int, seed: int) -> Iterator[RawRow]:
    """`n` missing angles with four options in steps of ten degrees."""
    rng = random.Random(f"curr_reft_choice_math {seed}")
    for _ in range(n):
        figure, place = figures.draw(rng), rng.randrange(4)
        options = [str(figure.answer_degrees + 10 * (number - place)) for number in range(4)]
        yield curr_reft.raw_row(_asked("Which angle is missing?", options), LETTERS[place], "math", figure.png)


def synthetic_classify(n: int, seed: int) -> Iterator[RawRow]:
    """`n` questions for all kinds of toys in the picture."""
    rng = random.Random(f"curr_reft_choice_classify {seed}")
    for _ in range(n):
        picture, options = toys.draw(rng), rng.sample(toys.KINDS, len(toys.KINDS))
        right = [letter for letter, kind in zip(LETTERS, options, strict=True) if kind in picture.boxes]
        yield curr_reft.raw_row(_asked("Which are there?", options), ", ".join(right), "classify", picture.png)


def synthetic_detection(n: int, seed: int) -> Iterator[RawRow]:
    """`n` toys whose place is one of three."""
    rng = random.Random(f"curr_reft_choice_detection {seed}")
    for _ in range(n):
        picture = toys.draw(rng)
        kind = rng.choice(list(picture.boxes))
        every = [toys.box_of(column, row) for row in range(toys.ROWS) for column in range(toys.COLUMNS)]
        options = rng.sample([box for box in every if box != picture.boxes[kind]], 2)
        place = rng.randrange(3)
        options.insert(place, picture.boxes[kind])
        problem = _asked(f"Where is the {kind}?", [str(list(box)) for box in options])
        yield curr_reft.raw_row(problem, LETTERS[place], "detection", picture.png)


def read_math(folder: Path) -> Iterator[RawRow]:
    """Mathematics."""
    return curr_reft.training_rows(folder, "choice_math")


def read_classify(folder: Path) -> Iterator[RawRow]:
    """Classes."""
    return curr_reft.training_rows(folder, "choice_classify")


def read_detection(folder: Path) -> Iterator[RawRow]:
    """Places."""
    return curr_reft.training_rows(folder, "choice_detection")


def _asked(question: str, options: list[str]) -> str:
    return " ".join([question, *(f"{letter}) {option}" for letter, option in zip(LETTERS, options, strict=False))])


MATH = Source(
    name="curr_reft_choice_math",
    title="Curr-ReFT stage 2, mathematics",
    hub_id=curr_reft.HUB_ID,
    files=curr_reft.FILES,
    licence=curr_reft.LICENCE,
    published_rows=3000,
    columns=curr_reft.COLUMNS,
    convert=convert,
    read=read_math,
    synthetic=synthetic_math,
    demonstrate=demonstrate,
)

CLASSIFY = replace(
    MATH,
    name="curr_reft_choice_classify",
    title="Curr-ReFT stage 2, classes",
    read=read_classify,
    synthetic=synthetic_classify,
)

DETECTION = replace(
    MATH,
    name="curr_reft_choice_detection",
    title="Curr-ReFT stage 2, places",
    read=read_detection,
    synthetic=synthetic_detection,
)
