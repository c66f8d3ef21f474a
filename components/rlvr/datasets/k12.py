r"""K12: 500 free-form school questions with pictures, an evaluation set of MM-Eureka's repository.

ModalMinds/MM-EUREKA, eval/k12: k12.json (a list) beside images/. A raw row:

    {"id": "...", "question": "... the ellipse $$C$$ ...", "answer": "$$6$$", "image_path": "images/<id>.png"}

Synthetic rows have the same columns and show the bar charts of `rlvr.datasets.charts`.
"""

from collections.abc import Iterator
from typing import Any

from rlvr.data.source import RawRow, Source
from rlvr.datasets import charts


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields."""
    return {
        "images": [raw["image_path"]],
        "prompt": raw["question"].strip(),
        "answer": raw["answer"].strip(),
        "answer_kind": "value",
    }


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` bar charts."""
    for number, item in enumerate(charts.items(n, f"k12 {seed}")):
        yield {
            "id": f"chart-{number}",
            "question": item.question,
            "answer": f"$${item.answer}$$",
            "image_path": item.picture,
        }


TEST = Source(
    name="k12",
    title="K12 (MM-Eureka)",
    files="k12.json",
    licence="Apache-2.0 (repository); origin of the questions not documented",
    published_rows=500,
    columns=("question", "answer", "image_path"),
    convert=convert,
    synthetic=synthetic,
)
"""The set is not on the Hub: give a folder or `s3://` prefix with k12.json and images/ as its location."""
