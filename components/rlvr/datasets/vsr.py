"""VSR, visual spatial reasoning: is a caption about two things true of the photograph?

Hub: cambridgeltl/vsr_zeroshot (1,222 test rows, concepts that training does not show) and cambridgeltl/vsr_random
(2,195), `test.jsonl` each; the photographs are COCO's train2017 and val2017, which `image_link` names. Put them into
the same folder, packed or not. A raw row:

    {"image": "000000050403.jpg", "image_link": "http://.../train2017/000000050403.jpg",
     "caption": "The teddy bear is in front of the person.", "label": 1, "relation": "in front of",
     "annotator_id": 31, "vote_true_validator_id": [2, 6], "vote_false_validator_id": []}

Synthetic rows have the same columns and show two coloured shapes.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from rlvr.data.coco_ids import named
from rlvr.data.pictures_apart import rows_of
from rlvr.data.source import RawRow, Source
from rlvr.datasets import object_pairs

RELATIONS = {"left": "left of", "right": "right of", "above": "above", "below": "below"}
"""Answer of a synthetic pair -> `relation`."""

OPPOSITES = {"left": "right", "right": "left", "above": "below", "below": "above"}


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields; the answer is yes or no."""
    return {
        "images": [named(raw["image"], raw.get("image_link"))],
        "prompt": f"Is this true of the picture? {raw['caption'].strip()}",
        "answer": "yes" if int(raw["label"]) else "no",
        "answer_kind": "yes_no",
        "extra": json.dumps({"subset": raw["relation"]}),
    }


def read(folder: Path) -> Iterator[RawRow]:
    """The test rows of a folder, with their pictures."""
    return rows_of(folder, ("test.jsonl",))


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` pairs of shapes, each with a caption that is true or not."""
    rng = random.Random(f"vsr {seed} captions")
    pairs = (pair for pair in object_pairs.pairs(2 * n + 2, f"vsr {seed}") if pair.kind != "depth")
    for number, pair in zip(range(n), pairs, strict=False):
        one, other = object_pairs.colours_of(pair)
        true = rng.random() < 0.5
        relation = RELATIONS[pair.answer if true else OPPOSITES[pair.answer]]
        yield {
            "image": {"bytes": pair.picture, "path": f"{number:012d}.jpg"},
            "image_link": f"synthetic/{number:012d}.jpg",
            "caption": f"The {one} item is {relation} the {other} item.",
            "label": int(true),
            "relation": relation,
            "annotator_id": 0,
            "vote_true_validator_id": [],
            "vote_false_validator_id": [],
        }


ZERO_SHOT = Source(
    name="vsr_zero_shot_test",
    title="VSR zero-shot",
    hub_id="cambridgeltl/vsr_zeroshot",
    revision="148b3777ceef4a1bfe46377614980836db7d12f2",
    files="**/*",
    licence="CC-BY-4.0",
    published_rows=1222,
    columns=("image", "caption", "label", "relation"),
    convert=convert,
    read=read,
    synthetic=synthetic,
)

RANDOM = replace(
    ZERO_SHOT,
    name="vsr_random_test",
    title="VSR random",
    hub_id="cambridgeltl/vsr_random",
    revision=None,
    published_rows=2195,
)
"""The split by chance; no commit has been established."""
