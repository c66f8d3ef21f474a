r"""OlympiadBench, English open-ended mathematics with pictures (OE_MM_maths_en_COMP): 150 competition problems.

Hub: Hothan/OlympiadBench, configuration OE_MM_maths_en_COMP, split train. A raw row:

    {"id": 2231, "question": "... <image_1> ...", "final_answer": ["$\frac{1}{2}$"], "is_multiple_answer": false,
     "unit": null, "answer_type": "Numerical", "error": null, "image_1": <PNG>, ..., "image_5": null, ...}

The columns of the pictures are image_1 to image_5, or one list `images` in copies. Synthetic rows have the columns of
the first kind and show the bar charts of `rlvr.datasets.charts`.
"""

import re
from collections.abc import Iterator
from typing import Any

from rlvr.data.source import RawRow, Source
from rlvr.datasets import charts

_PLACEHOLDER = re.compile(r"<image_(\d+)>")


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields; several answers are joined by commas, a unit is asked for in the question."""
    images = raw.get("images") or [raw[f"image_{n}"] for n in range(1, 10) if raw.get(f"image_{n}")]
    unit = f" Give the answer in {raw['unit']}." if raw.get("unit") else ""
    context = f"{raw['context']}\n" if raw.get("context") else ""
    return {
        "images": list(images),
        "prompt": _PLACEHOLDER.sub(r"(picture \1)", context + raw["question"]).strip() + unit,
        "answer": ", ".join(answer.strip() for answer in raw["final_answer"]),
        "answer_kind": "value",
    }


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` bar charts."""
    for number, item in enumerate(charts.items(n, f"olympiad_bench {seed}")):
        yield {
            "id": number,
            "question": item.question,
            "solution": [f"The answer is {item.answer}."],
            "final_answer": [f"${item.answer}$"],
            "context": None,
            "image_1": item.picture,
            **{f"image_{other}": None for other in range(2, 6)},
            "modality": "Multimodal",
            "difficulty": "Competition",
            "is_multiple_answer": False,
            "unit": None,
            "answer_type": "Numerical",
            "error": None,
            "question_type": "Open-ended",
            "subfield": "Charts",
            "subject": "Maths",
            "language": "English",
        }


TEST = Source(
    name="olympiad_bench",
    title="OlympiadBench OE_MM_maths_en_COMP",
    hub_id="Hothan/OlympiadBench",
    revision="3b426ee1d587c71b495146dde9f3e995ee7ac59f",
    files="**/OE_MM_maths_en_COMP/*.parquet",
    licence="Apache-2.0",
    published_rows=150,
    columns=("question", "final_answer", "unit"),
    convert=convert,
    synthetic=synthetic,
)
