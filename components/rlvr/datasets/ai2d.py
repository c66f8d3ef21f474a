"""AI2D, test part: 3,088 questions with options about diagrams of school books.

Hub: lmms-lab/ai2d, split test. A raw row (the answer is the number of the option, from 0, as text):

    {"question": "...", "options": ["a", "b", "c", "d"], "answer": "2", "image": <picture>}

The picture has its labels masked by letters; lmms-lab/ai2d-no-mask has them. Synthetic rows show bar charts.
"""

from collections.abc import Iterator
from typing import Any

from rlvr.data.source import RawRow, Source
from rlvr.datasets import charts
from rlvr.datasets.choices import LETTERS, listed


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields."""
    options = [str(option) for option in raw["options"]]
    return {
        "images": [raw["image"]],
        "prompt": listed(raw["question"], options),
        "answer": LETTERS[int(raw["answer"])],
        "answer_kind": "letter",
        "options": options,
    }


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` bar charts with options."""
    for item in charts.items(n, f"ai2d {seed}", tallest=1.0):
        choices = list(item.choices or ())
        yield {
            "question": item.question,
            "options": choices,
            "answer": str(choices.index(item.answer)),
            "image": item.picture,
        }


TEST = Source(
    name="ai2d_test",
    title="AI2D test",
    hub_id="lmms-lab/ai2d",
    revision="c83a9b9692933aff8349157c88a413df9d02c4e5",
    files="data/test-*.parquet",
    licence="not stated",
    published_rows=3088,
    columns=("question", "options", "answer", "image"),
    convert=convert,
    synthetic=synthetic,
)
