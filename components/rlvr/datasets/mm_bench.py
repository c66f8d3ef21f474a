"""MMBench, English development part: 4,329 questions with two to four options.

Hub: lmms-lab/MMBench, configuration en, split dev (the answers of the test part are hidden). A raw row:

    {"index": "241", "question": "...", "hint": "nan" or "...", "answer": "A", "A": "...", "B": "...", "C": "nan",
     "D": "nan", "category": "...", "image": <picture>, "source": "...", "L2-category": "...", "comment": "...",
     "split": "dev"}

Missing texts are written "nan" or are null. Synthetic rows have the same columns and show bar charts.
"""

import json
from collections.abc import Iterator
from typing import Any

from rlvr.data.source import RawRow, Source
from rlvr.datasets import charts
from rlvr.datasets.choices import listed

LETTERS = "ABCD"
"""Columns of the options."""


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields; the hint stands above the question."""
    options = [text for letter in LETTERS if (text := _text(raw.get(letter)))]
    question = "\n".join(text for text in (_text(raw.get("hint")), _text(raw["question"])) if text)
    return {
        "images": [raw["image"]],
        "prompt": listed(question, options),
        "answer": raw["answer"],
        "answer_kind": "letter",
        "options": options,
        "extra": json.dumps({"subset": raw.get("category")}),
    }


def _text(value: Any) -> str:
    text = "" if value is None else str(value).strip()
    return "" if text == "nan" else text


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` bar charts with options."""
    for number, item in enumerate(charts.items(n, f"mm_bench {seed}", tallest=1.0)):
        options = dict(zip(LETTERS, [*(item.choices or ()), "nan"], strict=True))
        yield {
            "index": str(number),
            "question": item.question,
            "hint": "nan",
            "answer": item.letter,
            **options,
            "category": "structuralized_imagetext_understanding",
            "image": item.picture,
            "source": "synthetic",
            "L2-category": "logic_reasoning",
            "comment": "nan",
            "split": "dev",
        }


DEV = Source(
    name="mm_bench_en_dev",
    title="MMBench (English, dev)",
    hub_id="lmms-lab/MMBench",
    revision="ac155b9c318a37ac5a75267b18cbca12cbcc6bab",
    files="en/dev-*.parquet",
    licence="not stated",
    published_rows=4329,
    columns=("question", "hint", "answer", *LETTERS, "image"),
    convert=convert,
    synthetic=synthetic,
)
