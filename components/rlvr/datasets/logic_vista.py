"""LogicVista: 448 multiple-choice questions of inductive, deductive, numerical, spatial and mechanical reasoning.

GitHub: Yijia-Xiao/LogicVista; as parquet on the Hub: lscpku/LogicVista, split test. A raw row:

    {"image": <PNG>, "question": "Which figure ...? A. ... B. ...", "answer": "B", "skills": ["inductive"]}

Options stand in the question or in the picture; an answer may be several letters ("A, C"). Synthetic rows have the same
columns and show the bar charts of `rlvr.datasets.charts`.
"""

from collections.abc import Iterator
from typing import Any

from rlvr.data.source import RawRow, Source
from rlvr.datasets import charts
from rlvr.datasets.choices import listed


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields."""
    return {
        "images": [raw["image"]],
        "prompt": raw["question"].strip(),
        "answer": raw["answer"].strip(),
        "answer_kind": "option",
    }


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` bar charts with options."""
    for item in charts.items(n, f"logic_vista {seed}", tallest=1.0):
        yield {
            "image": item.picture,
            "question": listed(item.question, item.choices),
            "answer": item.letter,
            "skills": ["numerical"],
        }


TEST = Source(
    name="logic_vista",
    title="LogicVista",
    hub_id="lscpku/LogicVista",
    files="**/test-*.parquet",
    licence="not established",
    published_rows=448,
    columns=("image", "question", "answer"),
    convert=convert,
    synthetic=synthetic,
)
