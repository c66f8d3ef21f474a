r"""Visual-RFT's detection sets from COCO: find every thing of one category.

Hub: laolao77/ViRFT_COCO_8_cate_4_shot (32 rows, 8 categories x 4), ViRFT_COCO (6k, 7 files) and ViRFT_COCO_base65
(6k, 7 files, the 65 categories that are not among the 15 novel ones). Upstream loads a copy made by `save_to_disk`;
give its folder as the location. A raw row:

    {"image": {"bytes": <PNG>, "path": ...}, "problem": "... category 'bus' ...",
     "solution": "<answer>[{'Position': [x1, y1, x2, y2], 'Confidence': 1.0}]</answer>"}

Positions are in thousandths of the picture's width and height; without such a thing the answer is `No Objects`.
Synthetic rows have the same columns; `rlvr.datasets.solids` draws them.
"""

import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from rlvr.answers import answer_span
from rlvr.data.rows import Row
from rlvr.data.source import RawRow, Source
from rlvr.datasets import solids
from rlvr.detections import strict_list

FEW_SHOT_CATEGORIES = ("bus", "train", "fire hydrant", "stop sign", "cat", "dog", "bed", "toilet")
"""The eight categories of the few-shot set."""

NOVEL_CATEGORIES = (
    *("mouse", "fork", "hot dog", "cat", "airplane", "suitcase", "parking meter", "sandwich", "train", "hair drier"),
    *("toilet", "toaster", "snowboard", "frisbee", "bear"),
)
"""The fifteen categories that open-vocabulary training leaves out."""

BASE_CATEGORIES = ("bus", "fire hydrant", "stop sign", "dog", "bed", "car", "boat", "cow")
"""Eight of the 65 base categories, for synthetic rows."""

_QUOTED = re.compile(r"'([^']{1,60})'")


def question(category: str) -> str:
    """Our wording of the question; the answer's format is the prompt's."""
    return f"Detect every '{category}'."


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields; the rewards read upstream's `solution` text as it stands."""
    quoted = _QUOTED.search(raw["problem"])
    return {
        "images": [raw["image"]],
        "prompt": question(quoted[1]) if quoted else raw["problem"],
        "answer": answer_span(raw["solution"]) or raw["solution"].strip(),
        "answer_kind": "detections",
        "extra": json.dumps({"solution": raw["solution"], "category": quoted[1] if quoted else None}),
    }


def demonstrate(row: Row) -> str:
    """A worked response: say where the thing is, then give its box.

    In three of five demonstrations the upper edge of the box is a cell off, and every second one is half unsure: the
    base finds things, but carelessly, and RL has something to teach.
    """
    extra, number = json.loads(row["extra"] or "{}"), int(row["row_id"], 16)
    boxes = [box for box, _ in strict_list(extra["solution"]) or []]
    think = ", ".join(f"{extra['category']} {solids.whereabouts(box)}" for box in boxes)
    if number % 5 < 3:
        boxes = [solids.sloppy(box) for box in boxes]
    confidence = "0.9" if number % 2 else "0.5"
    return completion(boxes, think=think, confidence=confidence)


def completion(boxes: Sequence[Sequence[float]], think: str = "gold", confidence: str = "1.0") -> str:
    """Think and answer block with these boxes."""
    listed = [f"{{'Position': {[int(number) for number in box]}, 'Confidence': {confidence}}}" for box in boxes]
    return f"<think> {think} </think> <answer>{'[' + ', '.join(listed) + ']' if listed else 'No Objects'}</answer>"


def gold(row: Row) -> tuple[str, str]:
    """The solution itself, and a box in a far corner that shares neither area nor y1 with the first true box."""
    solution = json.loads(row["extra"] or "{}")["solution"]
    first = (strict_list(solution) or [((0, 1000, 0, 0), 1.0)])[0][0]
    top = 990 if first[1] < 500 else 0
    return f"<think>gold</think> {solution}", completion([(990, top, 1000, top + 10)])


def raw_rows(n: int, rng: random.Random, categories: Sequence[str], things: int = 2) -> Iterator[RawRow]:
    """`n` pictures with that many different things, of which one is asked for."""
    for _ in range(n):
        chosen = rng.sample(range(len(categories)), things)
        boxes = solids.place(things, rng)
        looks = [solids.LOOKS[number % len(solids.LOOKS)] for number in chosen]
        position = {"Position": list(boxes[0]), "Confidence": 1.0}
        yield {
            "image": solids.draw(list(zip(looks, boxes, strict=True)), rng),
            "problem": question(categories[chosen[0]]),
            "solution": f"<answer>{[position]}</answer>",
        }


def synthetic_few_shot(n: int, seed: int) -> Iterator[RawRow]:
    """`n` pictures of two things of the eight categories."""
    return raw_rows(n, random.Random(f"virft_coco few shot {seed}"), FEW_SHOT_CATEGORIES)


def synthetic_full(n: int, seed: int) -> Iterator[RawRow]:
    """The same from another seed."""
    return raw_rows(n, random.Random(f"virft_coco full {seed}"), FEW_SHOT_CATEGORIES)


def synthetic_base(n: int, seed: int) -> Iterator[RawRow]:
    """`n` pictures of one thing of a base category: with one thing, finding it does not depend on its name."""
    return raw_rows(n, random.Random(f"virft_coco base {seed}"), BASE_CATEGORIES, things=1)


FEW_SHOT = Source(
    name="virft_coco_8_categories_4_shot",
    title="ViRFT COCO, 8 categories x 4 shots",
    hub_id="laolao77/ViRFT_COCO_8_cate_4_shot",
    files="data/train-*.parquet",
    licence="Apache-2.0 on the Hub (the code's README says CC BY-NC 4.0)",
    published_rows=32,
    columns=("image", "problem", "solution"),
    convert=convert,
    synthetic=synthetic_few_shot,
    demonstrate=demonstrate,
    gold=gold,
)
"""Four pictures of each of eight categories."""

FULL = replace(
    FEW_SHOT,
    name="virft_coco",
    title="ViRFT COCO, 6k",
    hub_id="laolao77/ViRFT_COCO",
    published_rows=6000,
    synthetic=synthetic_full,
)
"""About 6,000 rows of all categories."""

BASE65 = replace(
    FEW_SHOT,
    name="virft_coco_base65",
    title="ViRFT COCO, 65 base categories",
    hub_id="laolao77/ViRFT_COCO_base65",
    published_rows=6000,
    synthetic=synthetic_base,
)
"""About 6,000 rows of the 65 base categories."""
