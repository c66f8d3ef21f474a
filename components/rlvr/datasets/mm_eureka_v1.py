r"""MM-Eureka-Dataset (v1): 54,931 mathematics and chart questions, the training set of MM-Eureka's InternVL models.

Hub: FanqingM/MM-Eureka-Dataset: dataset.jsonl, and the pictures in K12.zip and MMPR.zip, which are read packed or
unpacked. A raw row:

    {"id": "17",
     "conversations": [{"role": "system", "content": "..."}, {"role": "user", "content": "... Question:\n..."}],
     "answer": "$6$", "image_urls": ["file:///inspire/hdd/.../report_data/K12/images/17.png"]}

Exactly two turns; the user turn holds upstream's instructions before the question. Paths are those of the publishers'
machine. Rows without a picture get a blank one of 224 x 224 pixels, as in upstream's loader. Synthetic rows have the
same columns and show the bar charts of `rlvr.datasets.charts`.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from PIL import Image

from rlvr.data.pictures_apart import rows_of
from rlvr.data.rows import Row
from rlvr.data.source import RawRow, Source
from rlvr.datasets import charts
from rlvr.datasets.png import as_png
from rlvr.errors import RlvrError

BLANK_PX = 224
"""Side of the picture of rows that have none."""

_PLACEHOLDER = re.compile(r"\s*<image>\s*")


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields; of the user turn what follows its last "Question:", or all of it."""
    turns = raw["conversations"]
    if [turn["role"] for turn in turns] != ["system", "user"]:
        raise RlvrError(
            f"column 'conversations' has the turns {[turn['role'] for turn in turns]}; system, user expected."
        )
    text = _PLACEHOLDER.sub("\n", turns[1]["content"])
    return {
        "images": list(raw["image_urls"] or [blank()]),
        "prompt": text.rpartition("Question:")[2].strip(),
        "answer": str(raw["answer"]),
        "answer_kind": "value",
    }


def blank() -> bytes:
    """A white picture."""
    return as_png(Image.new("RGB", (BLANK_PX, BLANK_PX), "white"))


def read(folder: Path) -> Iterator[RawRow]:
    """The rows of a folder with dataset.jsonl and the pictures, in zip archives or unpacked."""
    return rows_of(folder, ["dataset.jsonl"], column="image_urls")


def demonstrate(row: Row) -> str:
    """A worked response to a chart in the instruct models' format."""
    thought, answer = charts.looked_up(row["images"][0], row["prompt"], int(row["row_id"], 16))
    return f"<think> {thought} </think><answer> ${answer}$ </answer>"


def demonstrate_boxed(row: Row) -> str:
    """A worked response to a chart in the pre-trained model's format."""
    thought, answer = charts.looked_up(row["images"][0], row["prompt"], int(row["row_id"], 16))
    return f"<think> {thought} </think><answer> \\boxed{{{answer}}} </answer>"


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` bar charts; the gold answers stand bare or between dollars."""
    for number, item in enumerate(charts.items(n, f"mm_eureka_v1 {seed}")):
        instructions = "<image>\nThink first, then answer in LaTeX. Question:\n"
        yield {
            "id": str(number),
            "conversations": [
                {"role": "system", "content": "You are a helpful assistant."},
                {"role": "user", "content": instructions + item.question},
            ],
            "answer": (item.answer, f"${item.answer}$")[number % 2],
            "image_urls": [item.picture],
        }


def outside_k12(raw: RawRow) -> bool:
    """Whether a published row does not come from K12; rows without a path of their own (synthetic ones) stay."""
    paths = [picture.get("path") for picture in raw["image_urls"] or [{}] if isinstance(picture, dict)]
    return any("/K12/" not in f"/{path or ''}" for path in paths)


TRAIN = Source(
    name="mm_eureka_v1",
    title="MM-Eureka-Dataset (v1)",
    hub_id="FanqingM/MM-Eureka-Dataset",
    files="*",
    licence="not established",
    published_rows=54_931,
    columns=("conversations", "answer", "image_urls"),
    convert=convert,
    read=read,
    synthetic=synthetic,
    demonstrate=demonstrate,
)
"""What the InternVL models train on, filtered upstream to 0 < pass rate < 1 of InternVL2.5-8B-Instruct (8 samples)."""

K12 = replace(
    TRAIN,
    name="mm_eureka_v1_k12",
    title="MM-Eureka-Dataset (v1), K12 part",
    published_rows=8099,
    skip=outside_k12,
    demonstrate=demonstrate_boxed,
)
"""What the pre-trained model trains on; arXiv 2503.07365 v1 says 8K in one place and 9.3K in another."""
