"""MMK12: 15,616 fill-in questions from secondary schools, the training set of MM-Eureka's Qwen models.

Hub: FanqingM/MMK12, parquet, splits train (fill-in) and test (2,000 multiple-choice questions in four subjects). A row:

    {"id": "...", "question": "As shown in the figure, ...", "image": <PNG>, "answer": "$$6$$", "subject": "math"}

Synthetic rows have the same columns and show the bar charts of `rlvr.datasets.charts`.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from rlvr.data.rows import Row
from rlvr.data.source import RawRow, Source
from rlvr.datasets import charts
from rlvr.datasets.choices import listed


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields; answers between double dollars stay so, for the reward reads them thus."""
    return {
        "images": [raw["image"]],
        "prompt": raw["question"].replace("<image>", "").strip(),
        "answer": str(raw["answer"]),
        "answer_kind": "value",
    }


def demonstrate(row: Row) -> str:
    """A worked response to a chart."""
    thought, answer = charts.looked_up(row["images"][0], row["prompt"], int(row["row_id"], 16))
    return f"<think> {thought} </think><answer> ${answer}$ </answer>"


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` bar charts to be filled in; every other answer stands between double dollars."""
    for number, item in enumerate(charts.items(n, f"mmk12 {seed}")):
        yield {
            "id": f"chart-{number}",
            "question": item.question,
            "image": item.picture,
            "answer": (item.answer, f"$${item.answer}$$")[number % 2],
            "subject": "math",
        }


def convert_test(raw: RawRow) -> dict[str, Any]:
    """A multiple-choice row; its options stand in the question."""
    return convert(raw) | {
        "answer": str(raw["answer"]).strip(),
        "answer_kind": "option",
        "options": ["A", "B", "C", "D"],
    }


def synthetic_test(n: int, seed: int) -> Iterator[RawRow]:
    """`n` bar charts with options."""
    for number, item in enumerate(charts.items(n, f"mmk12_test {seed}", tallest=1.0)):
        yield {
            "id": f"test-{number}",
            "question": listed(item.question, item.choices),
            "image": item.picture,
            "answer": item.letter,
            "subject": ("math", "physics", "chemistry", "biology")[number % 4],
        }


TRAIN = Source(
    name="mmk12_train",
    title="MMK12",
    hub_id="FanqingM/MMK12",
    files="data/train-*.parquet",
    licence="Apache-2.0 (by a third party's scan)",
    published_rows=15_616,
    columns=("question", "image", "answer"),
    convert=convert,
    synthetic=synthetic,
    demonstrate=demonstrate,
)
"""What the Qwen models train on."""

TEST = replace(
    TRAIN,
    name="mmk12_test",
    title="MMK12 test",
    files="data/test-*.parquet",
    published_rows=2000,
    convert=convert_test,
    synthetic=synthetic_test,
    demonstrate=None,
)
"""500 questions each of mathematics, physics, chemistry and biology."""
