"""COCO val2017 as Visual-RFT evaluates it: one question for every category that a picture is said to show.

Which categories are asked about, the base model of the size under test has decided once: Visual-RFT's repository ships
its answers (`exist_map_coco_Qwen2_vl_2B_baseline.json`, picture id -> category names; the 7B one differs, so sizes are
asked different questions). Put into one folder `annotations/instances_val2017.json`, `val2017/*.jpg` and that map. A
raw row joins them:

    {"image": "val2017/000000000139.jpg", "image_id": 139, "width": 640, "height": 426, "category": "bus",
     "category_id": 6, "boxes": [[x, y, width, height], ...]}

Boxes are in pixels; crowds are left out. Synthetic rows have the same columns and look like those of `virft_coco`, on
darker grounds.
"""

import json
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rlvr.data.source import RawRow, Source
from rlvr.datasets import solids
from rlvr.datasets.virft_coco import FEW_SHOT_CATEGORIES, NOVEL_CATEGORIES, question
from rlvr.errors import RlvrError


def convert(raw: RawRow) -> dict[str, Any]:
    """A raw row -> our fields; boxes become corners in pixels."""
    boxes = [[x, y, x + width, y + height] for x, y, width, height in raw["boxes"]]
    extra: dict[str, Any] = {
        "image_id": raw["image_id"],
        "category": raw["category"],
        "category_id": raw["category_id"],
        "width_px": raw["width"],
        "height_px": raw["height"],
        **{name: raw[name] for name in ("checked", "exhaustive") if name in raw},
    }
    return {
        "images": [raw["image"]],
        "prompt": question(raw["category"]),
        "answer": json.dumps(boxes) if boxes else "No Objects",
        "answer_kind": "detections",
        "boxes_xyxy_px": boxes,
        "extra": json.dumps(extra),
    }


def read_few_shot_2b(folder: Path) -> Iterator[RawRow]:
    """Questions about the eight categories that the 2B model sees."""
    return joined(folder, FEW_SHOT_CATEGORIES, "2B")


def read_few_shot_7b(folder: Path) -> Iterator[RawRow]:
    """Questions about the eight categories that the 7B model sees."""
    return joined(folder, FEW_SHOT_CATEGORIES, "7B")


def read_novel_2b(folder: Path) -> Iterator[RawRow]:
    """Questions about the novel categories that the 2B model sees."""
    return joined(folder, NOVEL_CATEGORIES, "2B")


def read_novel_7b(folder: Path) -> Iterator[RawRow]:
    """Questions about the novel categories that the 7B model sees."""
    return joined(folder, NOVEL_CATEGORIES, "7B")


def joined(
    folder: Path,
    categories: Sequence[str],
    size: str,
    annotations: str = "annotations/instances_val2017.json",
    exist_map: str = "exist_map_coco_Qwen2_vl_{size}_baseline.json",
    pictures: str = "val2017",
) -> Iterator[RawRow]:
    """Rows of a COCO-like annotation file, in the order of its pictures and of the map's categories."""
    truth = loaded(folder / annotations)
    claimed = loaded(folder / exist_map.format(size=size))
    ids = {entry["name"]: entry["id"] for entry in truth["categories"]}
    boxes: dict[tuple[int, int], list[list[float]]] = defaultdict(list)
    for entry in truth["annotations"]:
        if not entry.get("iscrowd"):
            boxes[entry["image_id"], entry["category_id"]].append(entry["bbox"])
    for picture in truth["images"]:
        for category in claimed.get(str(picture["id"]), []):
            if category in categories and category in ids:
                name = picture.get("file_name") or "/".join(picture["coco_url"].split("/")[-2:])
                yield {
                    "image": f"{pictures}/{name}" if pictures else name,
                    "image_id": picture["id"],
                    "width": picture["width"],
                    "height": picture["height"],
                    "category": category,
                    "category_id": ids[category],
                    "boxes": boxes[picture["id"], ids[category]],
                    **_annotated(picture, ids[category], bool(boxes[picture["id"], ids[category]])),
                }


def _annotated(picture: dict[str, Any], category: int, there: bool) -> dict[str, bool]:
    """What LVIS says of a category in a picture: whether anybody looked for it, and whether all of it is marked."""
    if "neg_category_ids" not in picture:
        return {}
    open_ones = picture.get("not_exhaustive_category_ids", [])
    return {"checked": there or category in picture["neg_category_ids"], "exhaustive": category not in open_ones}


def loaded(path: Path) -> Any:
    """The JSON of one of the set's files."""
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        raise RlvrError(
            f"{str(path)!r} cannot be read ({error.strerror}); the evaluation needs the annotations, the pictures and "
            f"Visual-RFT's exist_map file in one folder."
        ) from error
    except ValueError as error:
        raise RlvrError(f"{str(path)!r} is not JSON ({error}); fetch it again.") from error


def raw_rows(n: int, rng: random.Random, categories: Sequence[str], things: int = 2) -> Iterator[RawRow]:
    """`n` pictures with that many different things, of which one is asked for."""
    for number in range(n):
        chosen = rng.sample(range(len(categories)), things)
        placed = solids.place(things, rng)
        looks = [solids.LOOKS[look % len(solids.LOOKS)] for look in chosen]
        x1, y1, x2, y2 = (coordinate * solids.SIDE_PX / 1000 for coordinate in placed[0])
        yield {
            "image": solids.draw(list(zip(looks, placed, strict=True)), rng, solids.TEST_GROUND),
            "image_id": number,
            "width": solids.SIDE_PX,
            "height": solids.SIDE_PX,
            "category": categories[chosen[0]],
            "category_id": chosen[0],
            "boxes": [[x1, y1, x2 - x1, y2 - y1]],
        }


def synthetic_few_shot(n: int, seed: int) -> Iterator[RawRow]:
    """`n` pictures of two things of the eight categories."""
    return raw_rows(n, random.Random(f"coco_val few shot {seed}"), FEW_SHOT_CATEGORIES)


def synthetic_novel(n: int, seed: int) -> Iterator[RawRow]:
    """`n` pictures of one thing of a novel category."""
    return raw_rows(n, random.Random(f"coco_val novel {seed}"), NOVEL_CATEGORIES, things=1)


FEW_SHOT_2B = Source(
    name="coco_val_8_categories",
    title="COCO val2017, 8 categories",
    files="**/*",
    licence="CC BY 4.0 (annotations); pictures under their Flickr licences",
    columns=("image", "image_id", "width", "height", "category", "category_id", "boxes"),
    convert=convert,
    read=read_few_shot_2b,
    synthetic=synthetic_few_shot,
)
"""The few-shot benchmark. Not on the Hub in this form: give a folder or `s3://` prefix as its location."""

FEW_SHOT_7B = replace(FEW_SHOT_2B, read=read_few_shot_7b)
"""The same with the questions for 7B models."""

NOVEL_2B = replace(
    FEW_SHOT_2B,
    name="coco_val_15_novel",
    title="COCO val2017, 15 novel categories",
    read=read_novel_2b,
    synthetic=synthetic_novel,
)
"""The open-vocabulary benchmark's novel part."""

NOVEL_7B = replace(NOVEL_2B, read=read_novel_7b)
"""The same with the questions for 7B models."""
