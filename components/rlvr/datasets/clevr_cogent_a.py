"""CLEVR-CoGenT-A counting, the training set of R1-V: how many items are in a rendered scene?

Hub: leonardPKU/clevr_cogen_a_train, split train, 70,000 rows. A raw row:

    {"image": {"bytes": <PNG>, "path": ...}, "problem": "How many items ...?", "solution": "<answer> 3 </answer>"}

Synthetic rows have the same columns; their scenes are drawn by `rlvr.datasets.scenes` with 3 to 10 items.
"""

import json
import random
from collections.abc import Iterator
from typing import Any

from rlvr.answers import answer_span
from rlvr.data.rows import Row
from rlvr.data.source import RawRow, Source
from rlvr.datasets import scenes

QUESTION = "How many items are there in the picture?"
"""Our wording of the synthetic question."""


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields; the reward reads upstream's `solution` text as it stands."""
    return {
        "images": [raw["image"]],
        "prompt": raw["problem"],
        "answer": answer_span(raw["solution"]) or raw["solution"].strip(),
        "answer_kind": "integer",
        "extra": json.dumps({"solution": raw["solution"]}),
    }


def demonstrate(row: Row) -> str:
    """A worked response: count up to the answer, then give it.

    Three of five demonstrations stop one item early, as if an item behind another had been missed: the base counts, but
    carelessly, and RL has something to teach.
    """
    count = int(row["answer"]) - (int(row["row_id"], 16) % 5 < 3)
    counted = " ".join(str(number) for number in range(1, count + 1))
    return f"<think> {counted} </think> <answer> {count} </answer>"


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` rendered scenes with 3 to 10 items."""
    rng = random.Random(f"clevr_cogent_a {seed}")
    for _ in range(n):
        count = rng.randint(3, 10)
        yield {
            "image": scenes.draw(count, rng),
            "problem": QUESTION,
            "solution": f"<answer> {count} </answer>",
        }


TRAIN = Source(
    name="clevr_cogent_a_train",
    title="CLEVR-CoGenT-A counting",
    hub_id="leonardPKU/clevr_cogen_a_train",
    files="data/train-*.parquet",
    licence="not stated (CLEVR-CoGenT pictures: CC BY 4.0)",
    published_rows=70_000,
    columns=("image", "problem", "solution"),
    convert=convert,
    synthetic=synthetic,
    demonstrate=demonstrate,
)
"""What R1-V's counting variant trains on."""
