"""COCO_filtered of VLM-R1: val2017 without the pictures that have more than ten boxes of one category.

Put `annotations/instances_val2017.json` and `val2017/*.jpg` (packed or not) into one folder. Every question lists all
80 categories (arXiv 2504.07615). Raw rows are joined as in `ovdeval`, and synthetic rows look the same.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from rlvr.data.pictures_apart import Pictures
from rlvr.data.source import RawRow
from rlvr.datasets import ovdeval

MOST_BOXES = 10
"""Boxes of one category that a picture may have."""


def read(folder: Path) -> Iterator[RawRow]:
    """The kept pictures, in the file's order."""
    data = ovdeval.loaded(folder / "annotations" / "instances_val2017.json")
    asked = [category["name"] for category in data["categories"]]
    pictures = Pictures(folder)
    for row in ovdeval.joined(data):
        entry = row.pop("entry")
        if max(Counter(item["category"] for item in row["boxes"]).values(), default=0) <= MOST_BOXES:
            yield {"image": pictures.read(f"val2017/{entry['file_name']}"), "asked": asked, **row}


TEST = replace(
    ovdeval.TEST,
    name="coco_filtered",
    title="COCO_filtered (val2017)",
    hub_id=None,
    licence="CC BY 4.0 (annotations)",
    columns=("image", "asked", "boxes"),
    read=read,
)
"""Upstream does not say how many of the 5,000 pictures remain."""
