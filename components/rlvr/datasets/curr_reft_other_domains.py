"""Curr-ReFT's test sets out of the training domain: RefGTA boxes, Pascal VOC classes, Super-CLEVR counts.

Files of `curr_reft`: test/Refgta/refgta_subsample_resize.json, test/pascal/classify_pascal_voc_test.jsonl and
test/superclever/superclevr_test200_counting_problems.jsonl. The pictures of RefGTA (Google Drive) and Super-CLEVR
(Johns Hopkins University) are not among them and belong into the same folder. Raw rows of the three:

    {"problem": "", "image": "", "solution": [1, 2, 3, 4], "normalized_solution": [...], "resize_solution": [...]}
    {"problem": "", "image": "", "solution": "<answer>dog, person</answer>", "task": "classify"}
    {"problem": "", "image": "", "solution": 4}

RefGTA gives the box in three frames: pixels of the picture, thousandths of it, and pixels of a shrunk copy.
"""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rlvr.data.pictures_apart import rows_of
from rlvr.data.source import RawRow, Source
from rlvr.datasets import curr_reft, curr_reft_open, scenes, toys

SHRUNK = 2.2
"""How many times smaller RefGTA's shrunk pictures are in upstream's evaluation."""

FRAMES = ("solution", "normalized_solution", "resize_solution")


def convert_refgta(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields; the scorer reads all three boxes."""
    box = [float(value) for value in raw["solution"]]
    return {
        "images": [raw["image"]],
        "prompt": raw["problem"],
        "answer": str(raw["solution"]),
        "answer_kind": "box",
        "boxes_xyxy_px": [box],
        "extra": json.dumps({name: raw[name] for name in FRAMES}),
    }


def convert_count(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields."""
    return {
        "images": [raw["image"]],
        "prompt": raw["problem"],
        "answer": str(int(raw["solution"])),
        "answer_kind": "integer",
    }


def synthetic_refgta(n: int, seed: int) -> Iterator[RawRow]:
    """`n` toys with their boxes in three frames."""
    rng = random.Random(f"curr_reft_refgta {seed}")
    width, height = toys.COLUMNS * toys.CELL_PX, toys.ROWS * toys.CELL_PX
    for _ in range(n):
        picture = toys.draw(rng)
        kind = rng.choice(list(picture.boxes))
        box = picture.boxes[kind]
        yield {
            "problem": f"Where is the {kind}?",
            "image": picture.png,
            "solution": list(box),
            "normalized_solution": [
                round(1000 * value / side) for value, side in zip(box, (width, height) * 2, strict=True)
            ],
            "resize_solution": [round(value / SHRUNK) for value in box],
        }


def synthetic_voc(n: int, seed: int) -> Iterator[RawRow]:
    """`n` pictures whose kinds of toys are to be named."""
    return curr_reft_open.classes(n, f"curr_reft_voc {seed}")


def synthetic_counts(n: int, seed: int) -> Iterator[RawRow]:
    """`n` rendered scenes with 3 to 10 items."""
    rng = random.Random(f"curr_reft_superclevr {seed}")
    for _ in range(n):
        count = rng.randint(3, 10)
        yield {"problem": "How many items are there?", "image": scenes.draw(count, rng), "solution": count}


def read_refgta(folder: Path) -> Iterator[RawRow]:
    """1,000 rows."""
    return rows_of(folder, ["refgta_subsample_resize.json"])


def read_voc(folder: Path) -> Iterator[RawRow]:
    """1,000 rows."""
    return rows_of(folder, ["classify_pascal_voc_test.jsonl"])


def read_counts(folder: Path) -> Iterator[RawRow]:
    """200 rows."""
    return rows_of(folder, ["superclevr_test200_counting_problems.jsonl"])


REFGTA = Source(
    name="curr_reft_refgta",
    title="RefGTA (Curr-ReFT)",
    hub_id=curr_reft.HUB_ID,
    files=curr_reft.FILES,
    licence="not stated",
    published_rows=1000,
    columns=("problem", "image", *FRAMES),
    convert=convert_refgta,
    read=read_refgta,
    synthetic=synthetic_refgta,
)

VOC = Source(
    name="curr_reft_voc",
    title="Pascal VOC classes (Curr-ReFT)",
    hub_id=curr_reft.HUB_ID,
    files=curr_reft.FILES,
    licence=curr_reft.LICENCE,
    published_rows=1000,
    columns=curr_reft.COLUMNS,
    convert=curr_reft_open.convert,
    read=read_voc,
    synthetic=synthetic_voc,
)

COUNTS = Source(
    name="curr_reft_superclevr",
    title="SuperCLEVR-200 (Curr-ReFT)",
    hub_id=curr_reft.HUB_ID,
    files=curr_reft.FILES,
    licence="not stated (a copy on the Hub says MIT)",
    published_rows=200,
    columns=("problem", "image", "solution"),
    convert=convert_count,
    read=read_counts,
    synthetic=synthetic_counts,
)
"""The 200 rows that upstream ships; its data card speaks of 500 from CLEVR-70k."""
