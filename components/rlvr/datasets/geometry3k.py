"""Geometry3K, test part: 601 geometry problems of school books with a diagram each.

Hub: hiyouga/geometry3k, a conversion of InterGPS, split test. A raw row:

    {"images": [<picture>], "problem": "<image>Find x.", "answer": "3"}

Answers are numbers or LaTeX. Another set of this name on the Hub has a test part of 3,040 rows and is MathVision.
Synthetic rows have the same columns and show the figures of `rlvr.datasets.figures`.
"""

import random
from collections.abc import Iterator
from typing import Any

from rlvr.data.source import RawRow, Source
from rlvr.datasets import figures


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields; the picture's placeholder is taken out."""
    return {
        "images": list(raw["images"]),
        "prompt": raw["problem"].replace("<image>", "").strip(),
        "answer": raw["answer"].strip(),
        "answer_kind": "value",
        "options": None,
    }


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` figures with an angle to be found."""
    rng = random.Random(f"geometry3k {seed}")
    for _ in range(n):
        figure = figures.draw(rng)
        yield {
            "images": [{"bytes": figure.png, "path": None}],
            "problem": f"<image>{figure.question}",
            "answer": str(figure.answer_degrees),
        }


TEST = Source(
    name="geometry3k_test",
    title="Geometry3K test",
    hub_id="hiyouga/geometry3k",
    files="data/test-*.parquet",
    licence="MIT",
    published_rows=601,
    columns=("images", "problem", "answer"),
    convert=convert,
    synthetic=synthetic,
)
"""No commit has been established."""
