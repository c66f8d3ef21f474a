"""MathVista: mathematics in charts, figures and photographs; testmini is the labelled part of 1,000 rows.

Hub: AI4Math/MathVista. A raw row (`decoded_image` is the picture, `image` its path in a zip that is not needed):

    {"pid": "1", "question": "...", "image": "images/1.jpg", "decoded_image": <JPEG>, "choices": ["145°", ...] or null,
     "unit": null, "precision": 1.0, "answer": "1.2", "question_type": "multi_choice" or "free_form",
     "answer_type": "text", "integer", "float" or "list", "metadata": {...}, "query": "..."}

The answer of a multiple-choice row is the TEXT of an option. Synthetic rows have the same columns and show the bar
charts of `rlvr.datasets.charts`, four of five with a number and one with options.
"""

import json
from collections.abc import Iterator
from typing import Any

from rlvr.data.source import RawRow, Source
from rlvr.datasets import charts
from rlvr.datasets.choices import listed

TALLEST = 0.2
"""Share of synthetic rows with options."""


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields; options and unit are written under the question."""
    unit = f" (unit: {raw['unit']})" if raw.get("unit") else ""
    kind = raw["answer_type"]
    return {
        "images": [raw["decoded_image"]],
        "prompt": listed(raw["question"] + unit, raw["choices"]),
        "answer": raw["answer"],
        "answer_kind": "option" if raw["question_type"] == "multi_choice" else kind,
        "options": list(raw["choices"]) if raw["choices"] else None,
        "extra": json.dumps({"answer_type": kind, "precision": raw["precision"]}),
    }


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` bar charts."""
    for number, item in enumerate(charts.items(n, f"math_vista {seed}", tallest=TALLEST), start=1):
        yield {
            "pid": str(number),
            "question": item.question,
            "image": f"images/{number}.png",
            "decoded_image": item.picture,
            "choices": list(item.choices) if item.choices else None,
            "unit": None,
            "precision": None,
            "answer": item.answer,
            "question_type": "multi_choice" if item.choices else "free_form",
            "answer_type": "text" if item.choices else "integer",
            "metadata": {"category": "general-vqa", "context": "bar chart", "split": "testmini"},
            "query": listed(item.question, item.choices),
        }


TESTMINI = Source(
    name="math_vista_testmini",
    title="MathVista testmini",
    hub_id="AI4Math/MathVista",
    revision="2b6ad69445fbb5695c9b165475e8decdbeb97747",
    files="data/testmini-*.parquet",
    licence="CC BY-SA 4.0",
    published_rows=1000,
    columns=("question", "decoded_image", "choices", "unit", "precision", "answer", "question_type", "answer_type"),
    convert=convert,
    synthetic=synthetic,
)
