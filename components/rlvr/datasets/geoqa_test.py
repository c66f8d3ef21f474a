"""GeoQA's test part as R1-V scores it: 754 figures (its README says 735).

Prompts: Deep-Agent/R1-V @ bbbbe3d, src/eval/prompts/geoqa_test_prompts.jsonl; pictures: images.zip of Luckyjhg/Geo170K.
Put both in one folder, the pictures under the paths that the prompts name. A raw row:

    {"image_path": "./Geo170K/images/test/0.png", "question": "...", "ground_truth": "140°"}

17 of the 754 truths (such as those with a root sign) cannot be read by math-verify, so no model reaches 100 per cent.
"""

import random
from collections.abc import Iterator
from typing import Any

from rlvr.data.source import RawRow, Source
from rlvr.datasets import figures


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields."""
    return {
        "images": [raw["image_path"]],
        "prompt": raw["question"],
        "answer": str(raw["ground_truth"]),
        "answer_kind": "math",
    }


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` figures as in the synthetic training rows, from another seed."""
    rng = random.Random(f"geoqa_test {seed}")
    for _ in range(n):
        figure = figures.draw(rng)
        yield {
            "image_path": figure.png,
            "question": figure.question,
            "ground_truth": f"{figure.answer_degrees}°",
        }


TEST = Source(
    name="geoqa_test",
    title="GeoQA test (R1-V)",
    files="*.jsonl",
    published_rows=754,
    columns=("image_path", "question", "ground_truth"),
    convert=convert,
    synthetic=synthetic,
)
"""The set is not on the Hub in this form: give a folder or `s3://` prefix as its location."""
