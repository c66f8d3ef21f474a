"""MMMU-Pro, standard setting: 1,730 questions of college courses with ten options.

Hub: MMMU/MMMU_Pro, configuration `standard (10 options)`, split test. A raw row has the columns of
`rlvr.datasets.mmmu_val`, whose conversion serves here too; every row has options. Synthetic rows show bar charts.
"""

from collections.abc import Iterator
from typing import Any

from rlvr.data.source import RawRow, Source
from rlvr.datasets import charts, mmmu_val


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields."""
    return mmmu_val.convert(raw | {"question_type": "multiple-choice"})


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` bar charts with options."""
    for number, item in enumerate(charts.items(n, f"mmmu_pro {seed}", tallest=1.0), start=1):
        yield {
            "id": f"test_Charts_{number}",
            "question": f"<image 1> {item.question}",
            "options": str(list(item.choices or ())),
            "explanation": "",
            **dict.fromkeys(mmmu_val.PICTURES),
            "image_1": item.picture,
            "img_type": "['Plots and Charts']",
            "answer": item.letter,
            "topic_difficulty": "Easy",
            "subject": "Charts",
        }


STANDARD = Source(
    name="mmmu_pro_standard",
    title="MMMU-Pro, standard setting",
    hub_id="MMMU/MMMU_Pro",
    files="standard (10 options)/test-*.parquet",
    licence="Apache-2.0",
    published_rows=1730,
    columns=("question", "options", "image_1", "answer"),
    convert=convert,
    synthetic=synthetic,
)
"""The setting with the question as text; the other one shows it in the picture."""
