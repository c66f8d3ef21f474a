"""EMMA: 2,788 questions of mathematics, physics, chemistry and coding that text alone does not answer; EMMA-mini: 400.

Hub: luckychao/EMMA and luckychao/EMMA-mini, configurations Math, Physics, Chemistry and Coding, split test (2,788 are
892 + 156 + 1,176 + 564). A raw row:

    {"pid": "math_1", "question": "... <image_1> ...", "options": ["A", "B", "C", "D"] or [], "answer": "B",
     "image_1": <picture>, "image_2": null, ..., "image_5": null, "solution": null, "subject": "Math", "task": "...",
     "category": "...", "source": "...", "type": "Multiple Choice" or "Open-ended", "context": "..."}

No licence stands on the card. Synthetic rows have the same columns and show the bar charts of `rlvr.datasets.charts`.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from rlvr.data.source import RawRow, Source
from rlvr.datasets import charts
from rlvr.datasets.choices import listed

PICTURES = tuple(f"image_{number}" for number in range(1, 6))
"""Columns of the pictures."""

TALLEST = 0.5
"""Share of synthetic rows with options."""


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields; the context stands above the question, options under it."""
    multiple = raw["type"].strip().lower() == "multiple choice"
    options = [str(option) for option in raw["options"] or ()] if multiple else []
    question = "\n".join(text for text in ((raw.get("context") or "").strip(), raw["question"].strip()) if text)
    return {
        "images": [raw[name] for name in PICTURES if raw.get(name) is not None],
        "prompt": listed(question, options),
        "answer": raw["answer"].strip(),
        "answer_kind": "option" if multiple else "value",
        "options": options or None,
        "extra": json.dumps({"subset": raw.get("subject")}),
    }


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` rows like EMMA's."""
    return shown(n, f"emma {seed}")


def synthetic_mini(n: int, seed: int) -> Iterator[RawRow]:
    """`n` rows like EMMA-mini's, with pictures of their own."""
    return shown(n, f"emma_mini {seed}")


def shown(n: int, seed: str) -> Iterator[RawRow]:
    """`n` bar charts drawn from `seed`."""
    for number, item in enumerate(charts.items(n, seed, tallest=TALLEST), start=1):
        yield {
            "pid": f"math_{number}",
            "question": f"{item.question} <image_1>",
            "options": list(item.choices or ()),
            "answer": item.letter if item.choices else item.answer,
            **dict.fromkeys(PICTURES),
            "image_1": item.picture,
            "solution": None,
            "subject": "Math",
            "task": "Bars",
            "category": "Charts",
            "source": "synthetic",
            "type": "Multiple Choice" if item.choices else "Open-ended",
            "context": "",
        }


TEST = Source(
    name="emma_test",
    title="EMMA",
    hub_id="luckychao/EMMA",
    files="*/test-*.parquet",
    licence="not stated",
    published_rows=2788,
    columns=("question", "options", "answer", "image_1", "type", "context"),
    convert=convert,
    synthetic=synthetic,
)
"""All four subjects; its files were replaced several times in January 2025 and no later commit has been established."""

MINI = replace(
    TEST,
    name="emma_mini_test",
    title="EMMA-mini",
    hub_id="luckychao/EMMA-mini",
    revision="92ec8e85c78e9ff8a0dc29b0d5286a4023159ef3",
    published_rows=400,
    synthetic=synthetic_mini,
)
"""A hundred rows a subject."""
