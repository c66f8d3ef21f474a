"""OCRBench: 1,000 pictures with writing; recognition, questions about scenes and documents, formulas.

Hub: echo840/OCRBench, split test. A raw row (any of the answers counts):

    {"dataset": "IIIT5K", "question": "what is written in the image?", "question_type": "Regular Text Recognition",
     "answer": ["CENTRE"], "image": <picture>}

Synthetic rows have the same columns and show a number written on paper.
"""

import json
import random
from collections.abc import Iterator
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from rlvr.data.source import RawRow, Source
from rlvr.datasets.png import as_png

WIDTH_PX, HEIGHT_PX = 84, 56
"""Size of a synthetic picture."""

LETTERS_PX = 30


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields; `references` are the answers that count."""
    answers = [str(answer) for answer in raw["answer"]] if isinstance(raw["answer"], list) else [str(raw["answer"])]
    extra = {"references": answers, "formula": raw["dataset"] == "HME100k", "subset": raw["question_type"]}
    return {
        "images": [raw["image"]],
        "prompt": raw["question"].strip(),
        "answer": answers[0],
        "answer_kind": "text",
        "extra": json.dumps(extra),
    }


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` numbers of three digits, each drawn large on tinted paper."""
    rng = random.Random(f"ocr_bench {seed}")
    for _ in range(n):
        text = str(rng.randint(100, 999))
        canvas = Image.new("RGB", (WIDTH_PX, HEIGHT_PX), tuple(rng.randint(225, 255) for _ in range(3)))
        pen = ImageDraw.Draw(canvas)
        middle = (WIDTH_PX / 2, HEIGHT_PX / 2)
        pen.text(middle, text, fill=(20, 40, 120), font=ImageFont.load_default(LETTERS_PX), anchor="mm")
        yield {
            "dataset": "synthetic",
            "question": "what is written in the image?",
            "question_type": "Digit String Recognition",
            "answer": [text],
            "image": as_png(canvas),
        }


TEST = Source(
    name="ocr_bench_test",
    title="OCRBench",
    hub_id="echo840/OCRBench",
    files="data/test-*.parquet",
    licence="not stated",
    published_rows=1000,
    columns=("dataset", "question", "question_type", "answer", "image"),
    convert=convert,
    synthetic=synthetic,
)
"""No commit has been established."""
