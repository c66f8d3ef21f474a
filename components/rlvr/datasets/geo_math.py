"""GeoMath and Geometry3K, Reason-RFT's structure perception: geometry with a number or an option letter for an answer.

Files of `reason_rft_cot`: A2-Structure-Perception-train-4k5-cot.json (from Geo170K and Math360K),
Structure-Perception-id-test-820.json (GeoMath), Structure-Perception-ood-test-800.json (Geometry3K). A raw row:

    {"id": "geomath_12", "image": "12.png", "problem": "What ...? A) 30 B) 40 C) 50 D) 60", "answer": "B", "cot": ""}

As upstream, the answer decides what the question asks for: a letter when it is A, B, C or D, else a number.
Synthetic figures are those of `figures`, half of the questions with options.
"""

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from rlvr.data.pictures_apart import rows_of
from rlvr.data.rows import Row
from rlvr.data.source import RawRow, Source
from rlvr.datasets import figures, reason_rft_cot

LETTERS = ("A", "B", "C", "D")
GIVE_LETTER, GIVE_NUMBER = "Give the letter.", "Give the number."


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields."""
    letter = raw["answer"] in LETTERS
    fields = reason_rft_cot.fields(raw, "option" if letter else "number")
    return {**fields, "prompt": f"{raw['problem']} {GIVE_LETTER if letter else GIVE_NUMBER}"}


def demonstrate(row: Row) -> str:
    """A worked response: what is missing to 180 degrees.

    Three of five demonstrations miss by ten degrees, one way or the other.
    """
    digits = int(row["row_id"], 16)
    degrees, options = _degrees(row)
    if digits % 5 < 3:
        near = [value for value in (degrees - 10, degrees + 10) if not options or value in options]
        degrees = near[digits // 5 % len(near)]
    return reason_rft_cot.response(f"180 - {180 - degrees} = {degrees}", _answer(degrees, options))


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` training rows."""
    return _figures(n, f"geo_math {seed}", figures.KINDS)


def synthetic_test(n: int, seed: int) -> Iterator[RawRow]:
    """`n` rows like the training rows, from other seeds."""
    return _figures(n, f"geo_math_test {seed}", figures.KINDS)


def synthetic_geometry3k(n: int, seed: int) -> Iterator[RawRow]:
    """`n` rows with triangles alone."""
    return _figures(n, f"geometry3k {seed}", ("triangle",))


def read_train(folder: Path) -> Iterator[RawRow]:
    """All 4,500 training rows: upstream's stage 2 takes those of stage 1 again."""
    return reason_rft_cot.training_rows(folder, "A2-Structure-Perception-train-4k5-cot.json")


def read_test(folder: Path) -> Iterator[RawRow]:
    """GeoMath's 820 test rows."""
    return rows_of(folder, ["*Structure-Perception-id*.json"])


def read_geometry3k(folder: Path) -> Iterator[RawRow]:
    """Geometry3K's 800 test rows."""
    return rows_of(folder, ["*Structure-Perception-ood*.json"])


def _figures(n: int, seed: str, kinds: tuple[figures.Kind, ...]) -> Iterator[RawRow]:
    rng = random.Random(seed)
    for number in range(n):
        figure = figures.draw(rng, rng.choice(kinds))
        options = _options(figure.answer_degrees, rng) if rng.random() < 0.5 else ()
        listed = " ".join(f"{letter}) {value}" for letter, value in zip(LETTERS, options, strict=False))
        yield {
            "id": f"geomath_{number}",
            "image": figure.png,
            "problem": f"{figure.question} {listed}".strip(),
            "answer": _answer(figure.answer_degrees, options),
            "cot": f"180 - {180 - figure.answer_degrees} = {figure.answer_degrees}",
        }


def _options(degrees: int, rng: random.Random) -> tuple[int, ...]:
    """Four values in steps of ten degrees, the right one among them."""
    first = degrees - 10 * rng.randrange(4)
    return tuple(first + 10 * step for step in range(4))


def _answer(degrees: int, options: tuple[int, ...]) -> str:
    return LETTERS[options.index(degrees)] if options else str(degrees)


def _degrees(row: Row) -> tuple[int, tuple[int, ...]]:
    """The angle that a synthetic row asks for, and its options."""
    parts = row["prompt"].split()
    options = tuple(int(parts[place + 1]) for place, part in enumerate(parts) if part.endswith(")"))
    return (options[LETTERS.index(row["answer"])] if options else int(row["answer"])), options


TRAIN = Source(
    name="geo_math_train",
    title="GeoMath (Reason-RFT)",
    hub_id=reason_rft_cot.HUB_ID,
    files=reason_rft_cot.FILES,
    licence=reason_rft_cot.LICENCE,
    published_rows=4500,
    columns=reason_rft_cot.COLUMNS,
    convert=convert,
    read=read_train,
    synthetic=synthetic,
    demonstrate=demonstrate,
)
"""What stage 2 trains on: all rows."""

COLD_START = replace(
    TRAIN,
    name="geo_math_cot",
    title="GeoMath with chains of thought (Reason-RFT)",
    columns=reason_rft_cot.COT_COLUMNS,
    limit=reason_rft_cot.COLD_START_ROWS,
)
"""What stage 1 learns from."""

TEST = Source(
    name="geo_math_test",
    title="GeoMath test (Reason-RFT)",
    hub_id=reason_rft_cot.HUB_ID,
    files=reason_rft_cot.FILES,
    licence=reason_rft_cot.LICENCE,
    published_rows=820,
    columns=reason_rft_cot.COLUMNS,
    convert=convert,
    read=read_test,
    synthetic=synthetic_test,
)

GEOMETRY3K = replace(
    TEST,
    name="geometry3k_reason_rft",
    title="Geometry3K (Reason-RFT)",
    published_rows=800,
    read=read_geometry3k,
    synthetic=synthetic_geometry3k,
)
"""Out of the training distribution; a re-cut of Geometry3K by the authors."""
