"""ChartQA's test questions: 2,500 on bar, line and pie charts, half written by people and half by a machine.

Hub: HuggingFaceM4/ChartQA, split test. A raw row:

    {"image": <PNG>, "query": "How many bars are above 50?", "label": ["3"], "human_or_machine": 0}

Synthetic rows have the same columns and show the bar charts of `rlvr.datasets.charts`.
"""

from collections.abc import Iterator
from typing import Any

from rlvr.data.source import RawRow, Source
from rlvr.datasets import charts


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields."""
    return {
        "images": [raw["image"]],
        "prompt": raw["query"].strip(),
        "answer": str(raw["label"][0]).strip(),
        "answer_kind": "value",
    }


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` bar charts."""
    for number, item in enumerate(charts.items(n, f"chart_qa {seed}")):
        yield {
            "image": item.picture,
            "query": item.question,
            "label": [item.answer],
            "human_or_machine": number % 2,
        }


TEST = Source(
    name="chart_qa_test",
    title="ChartQA test",
    hub_id="HuggingFaceM4/ChartQA",
    files="data/test-*.parquet",
    licence="GPL-3.0 (ChartQA)",
    published_rows=2500,
    columns=("image", "query", "label"),
    convert=convert,
    synthetic=synthetic,
)
