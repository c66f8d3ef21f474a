"""LVIS v1 val as Visual-RFT evaluates it: one question for every rare category that a picture is said to show.

Put into one folder `lvis_v1_val.json`, the COCO pictures it names (`val2017/` and `train2017/`) and Visual-RFT's map of
the size under test (`exist_map_lvis_Qwen2_vl_2B_baseline.json` or the 7B one). Raw rows as in `coco_val`, with
`checked` (somebody looked for the category in the picture) and `exhaustive` (all of it is marked) besides.
"""

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from rlvr.data.source import RawRow
from rlvr.datasets import coco_val
from rlvr.datasets.virft_lvis import CATEGORIES

RARE_13 = (
    *("casserole", "die", "egg_roll", "futon", "garbage", "handsaw", "hippopotamus", "kitchen_table", "mallet"),
    *("omelet", "shot_glass", "stepladder", "sugar_bowl"),
)
"""The thirteen rare categories of the open-vocabulary comparison."""


def read_6_2b(folder: Path) -> Iterator[RawRow]:
    """Questions about the six few-shot categories that the 2B model sees."""
    return _joined(folder, CATEGORIES, "2B")


def read_6_7b(folder: Path) -> Iterator[RawRow]:
    """Questions about the six few-shot categories that the 7B model sees."""
    return _joined(folder, CATEGORIES, "7B")


def read_13_2b(folder: Path) -> Iterator[RawRow]:
    """Questions about the thirteen rare categories that the 2B model sees."""
    return _joined(folder, RARE_13, "2B")


def read_13_7b(folder: Path) -> Iterator[RawRow]:
    """Questions about the thirteen rare categories that the 7B model sees."""
    return _joined(folder, RARE_13, "7B")


def _joined(folder: Path, categories: tuple[str, ...], size: str) -> Iterator[RawRow]:
    exist_map = "exist_map_lvis_Qwen2_vl_{size}_baseline.json"
    return coco_val.joined(folder, categories, size, "lvis_v1_val.json", exist_map, pictures="")


def synthetic_6(n: int, seed: int) -> Iterator[RawRow]:
    """`n` pictures of two things of the six categories."""
    return _annotated(coco_val.raw_rows(n, random.Random(f"lvis_val 6 {seed}"), CATEGORIES))


def synthetic_13(n: int, seed: int) -> Iterator[RawRow]:
    """`n` pictures of one thing of the thirteen categories."""
    return _annotated(coco_val.raw_rows(n, random.Random(f"lvis_val 13 {seed}"), RARE_13, things=1))


def _annotated(rows: Iterator[RawRow]) -> Iterator[RawRow]:
    """The rows with LVIS's two marks; every fourth picture is said to be marked in part."""
    return ({**row, "checked": True, "exhaustive": row["image_id"] % 4 > 0} for row in rows)


RARE_6_2B = replace(
    coco_val.FEW_SHOT_2B,
    name="lvis_val_6_rare",
    title="LVIS v1 val, 6 rare categories",
    licence="CC BY 4.0 (annotations); pictures under their Flickr licences",
    columns=(*coco_val.FEW_SHOT_2B.columns, "checked", "exhaustive"),
    read=read_6_2b,
    synthetic=synthetic_6,
)
"""The few-shot benchmark."""

RARE_6_7B = replace(RARE_6_2B, read=read_6_7b)
"""The same with the questions for 7B models."""

RARE_13_2B = replace(
    RARE_6_2B,
    name="lvis_val_13_rare",
    title="LVIS v1 val, 13 rare categories",
    read=read_13_2b,
    synthetic=synthetic_13,
)
"""The open-vocabulary benchmark's LVIS part."""

RARE_13_7B = replace(RARE_13_2B, read=read_13_7b)
"""The same with the questions for 7B models."""
