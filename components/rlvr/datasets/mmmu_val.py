"""MMMU, validation: 900 questions of college courses, each with one to seven pictures.

Hub: MMMU/MMMU, 30 configurations (one a subject), split validation. A raw row:

    {"id": "validation_Accounting_1", "question": "... <image 1> ...", "options": "['145', '50']", "explanation": "",
     "image_1": <picture>, "image_2": null, ..., "image_7": null, "img_type": "['Tables']", "answer": "B",
     "topic_difficulty": "Medium", "question_type": "multiple-choice" or "open", "subfield": "..."}

`options` is the TEXT of a Python list, empty for open questions; the answer of an open question may be a list as text.
Synthetic rows have the same columns and show the bar charts of `rlvr.datasets.charts`.
"""

import ast
from collections.abc import Iterator
from typing import Any

from rlvr.data.source import RawRow, Source
from rlvr.datasets import charts
from rlvr.datasets.choices import listed
from rlvr.errors import RlvrError

PICTURES = tuple(f"image_{number}" for number in range(1, 8))
"""Columns of the pictures."""


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields; pictures stand in front in their order, options under the question."""
    options = texts(raw["options"], "options")
    multiple = raw["question_type"] == "multiple-choice"
    return {
        "images": [raw[name] for name in PICTURES if raw.get(name) is not None],
        "prompt": listed(raw["question"], options),
        "answer": raw["answer"],
        "answer_kind": "letter" if multiple else "open",
        "options": options or None,
    }


def texts(written: str, column: str) -> list[str]:
    """The texts of a Python list that is written as text."""
    try:
        values = ast.literal_eval(written)
    except (ValueError, SyntaxError, RecursionError) as error:
        raise RlvrError(f"column {column!r} is {written[:60]!r}; expected the text of a Python list.") from error
    return [str(value) for value in values]


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` bar charts, half of them with options."""
    for number, item in enumerate(charts.items(n, f"mmmu_val {seed}", tallest=0.5), start=1):
        yield {
            "id": f"validation_Charts_{number}",
            "question": f"<image 1> {item.question}",
            "options": str(list(item.choices or ())),
            "explanation": "",
            **dict.fromkeys(PICTURES),
            "image_1": item.picture,
            "img_type": "['Plots and Charts']",
            "answer": item.letter if item.choices else item.answer,
            "topic_difficulty": "Easy",
            "question_type": "multiple-choice" if item.choices else "open",
            "subfield": "Charts",
        }


VALIDATION = Source(
    name="mmmu_validation",
    title="MMMU validation",
    hub_id="MMMU/MMMU",
    files="*/validation-*.parquet",
    licence="Apache-2.0",
    published_rows=900,
    columns=("question", "options", "image_1", "answer", "question_type"),
    convert=convert,
    synthetic=synthetic,
)
"""All 30 subjects together."""
