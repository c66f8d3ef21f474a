"""SuperCLEVR-200, R1-V's counting benchmark: 200 rendered vehicle scenes with 3 to 10 items.

Prompts: Deep-Agent/R1-V @ bbbbe3d, src/eval/prompts/superclevr_test200_counting_problems.jsonl; pictures: images.zip of
Super-CLEVR (Johns Hopkins University). Put both in one folder, the pictures under `images/`. A raw row:

    {"image_path": "./images/superCLEVR_new_025000.png", "question": "How many different items ...?", "ground_truth": 4}

Synthetic rows have the same columns and show scenes drawn as in `clevr_cogent_a`, from another seed.
"""

import random
from collections.abc import Iterator
from typing import Any

from rlvr.data.source import RawRow, Source
from rlvr.datasets import scenes


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields."""
    return {
        "images": [raw["image_path"]],
        "prompt": raw["question"],
        "answer": str(int(raw["ground_truth"])),
        "answer_kind": "integer",
    }


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` rendered scenes, answers 3 to 10, with the wording of the synthetic training rows."""
    from rlvr.datasets.clevr_cogent_a import QUESTION

    rng = random.Random(f"superclevr_200 {seed}")
    for _ in range(n):
        count = rng.randint(3, 10)
        yield {"image_path": scenes.draw(count, rng), "question": QUESTION, "ground_truth": count}


TEST = Source(
    name="superclevr_200",
    title="SuperCLEVR-200",
    files="*.jsonl",
    licence="not stated (a copy on the Hub says MIT)",
    published_rows=200,
    columns=("image_path", "question", "ground_truth"),
    convert=convert,
    synthetic=synthetic,
)
"""The 200 published prompts. The set is not on the Hub: give a folder or `s3://` prefix as its location."""
