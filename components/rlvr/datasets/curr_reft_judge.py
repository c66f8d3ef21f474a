"""Curr-ReFT's first stage: yes or no to a statement about a geometry figure or about what a picture shows.

Files of `curr_reft`: judge_math* and judge_v2_coco*; columns problem, solution, task, image. Upstream has no detection
rows in this stage.
"""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rlvr.data.rows import Row
from rlvr.data.source import RawRow, Source
from rlvr.datasets import curr_reft, figures, toys


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields."""
    return curr_reft.fields(raw, "yes_no")


def demonstrate(row: Row) -> str:
    """A worked response; three of five agree without looking, so that the base says yes too often."""
    if int(row["row_id"], 16) % 5 < 3:
        return curr_reft.response("It looks so.", "yes")
    return curr_reft.response("I see it." if row["answer"] == "yes" else "I do not see it.", row["answer"])


def synthetic_math(n: int, seed: int) -> Iterator[RawRow]:
    """`n` statements about a missing angle, half of them right."""
    rng = random.Random(f"curr_reft_judge_math {seed}")
    for _ in range(n):
        figure, right = figures.draw(rng), rng.random() < 0.5
        others = [degrees for degrees in figures.ANSWERS_DEGREES if degrees != figure.answer_degrees]
        told = figure.answer_degrees if right else rng.choice(others)
        answer = "yes" if right else "no"
        yield curr_reft.raw_row(f"Is the missing angle {told} degrees?", answer, "math", figure.png)


def synthetic_classify(n: int, seed: int) -> Iterator[RawRow]:
    """`n` questions for a kind of toy, half of them with it in the picture."""
    rng = random.Random(f"curr_reft_judge_classify {seed}")
    for _ in range(n):
        picture, right = toys.draw(rng), rng.random() < 0.5
        kind = rng.choice([kind for kind in toys.KINDS if (kind in picture.boxes) == right])
        yield curr_reft.raw_row(f"Is there a {kind}?", "yes" if right else "no", "classify", picture.png)


def read_math(folder: Path) -> Iterator[RawRow]:
    """Statements about mathematics."""
    return curr_reft.training_rows(folder, "judge_math")


def read_classify(folder: Path) -> Iterator[RawRow]:
    """Statements about classes."""
    return curr_reft.training_rows(folder, "judge_v2_coco")


MATH = Source(
    name="curr_reft_judge_math",
    title="Curr-ReFT stage 1, mathematics",
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

CLASSIFY = Source(
    name="curr_reft_judge_classify",
    title="Curr-ReFT stage 1, classes",
    hub_id=curr_reft.HUB_ID,
    files=curr_reft.FILES,
    licence=curr_reft.LICENCE,
    published_rows=3000,
    columns=curr_reft.COLUMNS,
    convert=convert,
    read=read_classify,
    synthetic=synthetic_classify,
    demonstrate=demonstrate,
)
