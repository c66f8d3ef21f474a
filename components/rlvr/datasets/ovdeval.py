"""OVDEval: detection by descriptions, with near misses among them (arXiv 2308.13177).

Hub: omlab/OVDEval (openrail), `annotations/<part>.json` beside `images/<part>/...` (folders or archives). Nine parts:
celebrity, logo, landmark, color, material, position, relationship, negation and one more proper-noun part. The files
are COCO's, and each picture has `text` (what is there) and `neg_text` (near misses). A raw row joins them:

    {"image": "images/color/1.jpg", "image_id": 1, "part": "color", "asked": ["red cup", "blue cup"],
     "boxes": [{"bbox": [x, y, width, height], "category": "red cup"}]}

Boxes are in pixels. Proper nouns are asked for by the categories' names (omlab/VLM-R1 paper). Synthetic rows look like
those of `d3`.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rlvr.data.pictures_apart import Pictures
from rlvr.data.source import RawRow, Source
from rlvr.datasets import d3
from rlvr.datasets.refcoco import size_px
from rlvr.errors import RlvrError
from rlvr.rewards.detection_map import boxes

PROPER_NOUNS = ("celebrity", "logo", "landmark")
"""Parts whose pictures are asked about by all categories of the part."""

GROUPS = {**dict.fromkeys(PROPER_NOUNS, "proper noun"), "color": "attribute", "material": "attribute"}
"""Part -> the group whose parts are averaged first in the overall figure; other parts stand alone."""


def convert(raw: RawRow) -> dict[str, Any]:
    """A joined row -> our fields; the truth in the form of VLM-R1's answers."""
    listed = []
    for item in raw["boxes"]:
        x, y, width, height = item["bbox"]
        listed.append({"bbox_2d": [x, y, x + width, y + height], "label": item["category"]})
    answer = f"```json\n{json.dumps(listed)}\n```" if listed else "None"
    width_px, height_px = size_px(raw["image"])
    columns: dict[str, Any] = {"solution": f"<answer> {answer} </answer>", "width_px": width_px, "height_px": height_px}
    if part := raw.get("part"):
        columns["part"] = f"{GROUPS[part]}/{part}" if part in GROUPS else part
    return {
        "images": [raw["image"]],
        "prompt": f"Detect: {', '.join(raw['asked'])}.",
        "answer": answer,
        "answer_kind": "boxes",
        "boxes_xyxy_px": [[float(number) for number in item["bbox_2d"]] for item in listed],
        "extra": json.dumps(columns),
    }


def read(folder: Path, part: str = "*") -> Iterator[RawRow]:
    """The rows of every part whose annotations are in the folder, or of one."""
    files = sorted((folder / "annotations").glob(f"{part}.json"))
    if not files:
        raise RlvrError(
            f"{str(folder)!r} holds no annotations/{part}.json; put OVDEval's annotations and images there."
        )
    pictures = Pictures(folder)
    for file in files:
        data = loaded(file)
        names = [category["name"] for category in data["categories"]]
        for row in joined(data):
            entry = row.pop("entry")
            asked = names if file.stem in PROPER_NOUNS else [*entry["text"], *entry["neg_text"]]
            picture = pictures.read(f"images/{file.stem}/{entry['file_name']}")
            yield {"image": picture, "part": file.stem, "asked": asked, **row}


def joined(data: dict[str, Any]) -> Iterator[RawRow]:
    """COCO's three lists as one row a picture, with its `entry`; crowds are left out."""
    names = {category["id"]: category["name"] for category in data["categories"]}
    shown: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for item in data["annotations"]:
        if not item.get("iscrowd"):
            shown[item["image_id"]].append({"bbox": item["bbox"], "category": names[item["category_id"]]})
    for entry in data["images"]:
        yield {"image_id": entry["id"], "boxes": shown[entry["id"]], "entry": entry}


def loaded(file: Path) -> Any:
    """The JSON of an annotation file."""
    try:
        return json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise RlvrError(f"{str(file)!r} cannot be read as JSON ({error}); fetch it again.") from error


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` joined rows of pictures that training does not see."""
    for number, raw in enumerate(d3.synthetic_test(n, seed)):
        question, answer = (turn["value"] for turn in raw["conversations"])
        listed = []
        for item in boxes(answer) or []:
            x1, y1, x2, y2 = item["bbox_2d"]
            listed.append({"bbox": [x1, y1, x2 - x1, y2 - y1], "category": item["label"]})
        asked = question.removeprefix("<image>Detect: ").removesuffix(".").split(", ")
        yield {"image": raw["image"], "image_id": number, "part": "color", "asked": asked, "boxes": listed}


TEST = Source(
    name="ovdeval",
    title="OVDEval",
    hub_id="omlab/OVDEval",
    files="**/*",
    licence="openrail",
    columns=("image", "part", "asked", "boxes"),
    convert=convert,
    read=read,
    synthetic=synthetic,
)
"""All parts in one."""
