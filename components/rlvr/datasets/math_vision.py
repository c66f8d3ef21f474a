"""MathVision (MATH-V): competition problems with pictures, 3,040 test rows.

Hub: MathLLMs/MathVision. A raw row (`decoded_image` is the picture, `image` its path in a zip that is not needed):

    {"id": "4", "question": "Which ... <image1> ...?", "options": ["A", "B", "C", "D", "E"] or [],
     "image": "images/4.jpg", "decoded_image": <JPEG>, "answer": "B", "solution": null, "level": 2, "subject": "..."}

The answer is a letter where there are options (which may be bare letters, with their contents in the picture).
Synthetic rows have the same columns and show the bar charts of `rlvr.datasets.charts`.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from rlvr.data.source import RawRow, Source
from rlvr.datasets import charts
from rlvr.datasets.choices import listed

TALLEST = 0.25
"""Share of synthetic rows with options."""

_PLACEHOLDER = re.compile(r"\s*<image\d+>")


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields; picture placeholders are taken out, options written under the question."""
    return {
        "images": [raw["decoded_image"]],
        "prompt": listed(_PLACEHOLDER.sub("", raw["question"]).strip(), raw["options"]),
        "answer": raw["answer"],
        "answer_kind": "option" if raw["options"] else "value",
        "options": list(raw["options"]) or None,
    }


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` rows like those of the test part."""
    return shown(n, f"math_vision {seed}")


def synthetic_mini(n: int, seed: int) -> Iterator[RawRow]:
    """`n` rows like those of testmini, with pictures of their own."""
    return shown(n, f"math_vision mini {seed}")


def shown(n: int, seed: str) -> Iterator[RawRow]:
    """`n` bar charts drawn from `seed`."""
    for number, item in enumerate(charts.items(n, seed, tallest=TALLEST), start=1):
        yield {
            "id": str(number),
            "question": f"{item.question}\n<image1>",
            "options": list(item.choices or ()),
            "image": f"images/{number}.png",
            "decoded_image": item.picture,
            "answer": item.letter if item.choices else item.answer,
            "solution": None,
            "level": 1,
            "subject": "statistics",
        }


TEST = Source(
    name="math_vision_test",
    title="MathVision test",
    hub_id="MathLLMs/MathVision",
    revision="0c681f39d3dacd336abf62ceb833e40320c8599f",
    files="data/test-*.parquet",
    licence="MIT",
    published_rows=3040,
    columns=("question", "options", "decoded_image", "answer"),
    convert=convert,
    synthetic=synthetic,
)

TESTMINI = replace(
    TEST,
    name="math_vision_testmini",
    title="MathVision testmini",
    files="data/testmini-*.parquet",
    published_rows=304,
    synthetic=synthetic_mini,
)
"""A part of the test rows."""
