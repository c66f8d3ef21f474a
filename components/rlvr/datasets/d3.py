r"""Open-vocabulary detection on D3 (Described Object Detection) in VLM-R1's jsonl form.

The pictures and phrases are those of github shikras/d-cube; the conversion to jsonl is not published, so give a folder
of rows in the form of `vlm_r1_jsonl` (pictures in it, packed or not). The question lists descriptions, of which one to
three are of other pictures (paper, arXiv 2504.07615); the answer is a fenced list, or the word None:

    {"id": 1, "image": "d3/1.jpg", "conversations": [{"from": "human", "value": "<image>Detect: a dog, a red car."},
     {"from": "gpt", "value": "```json\n[{\"bbox_2d\": [x1, y1, x2, y2], \"label\": \"a dog\"}]\n```"}]}

Boxes are in pixels of the original picture, as upstream compares them. Synthetic rows ask for flat shapes.
"""

import json
import random
from collections.abc import Iterator
from typing import Any

from rlvr.data.rows import Row
from rlvr.data.source import RawRow, Source
from rlvr.datasets import flat_shapes, vlm_r1_jsonl
from rlvr.datasets.flat_shapes import CUT_PX
from rlvr.rewards.detection_map import boxes

RULE = "odLength"
"""Rule of rows that name none: the reward of the published run."""


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields; true boxes also as a column."""
    fields = vlm_r1_jsonl.convert({"accu_reward_method": RULE, **raw})
    listed = boxes(fields["answer"]) or []
    return fields | {"boxes_xyxy_px": [[float(number) for number in item["bbox_2d"]] for item in listed]}


def gold(row: Row) -> tuple[str, str]:
    """The true answer, and a box of one pixel that nobody asked for."""
    wrong = '```json\n[{"bbox_2d": [0, 0, 1, 1], "label": "nothing"}]\n```'
    return answered(row["answer"]), answered(wrong)


def answered(answer: str) -> str:
    """A completion in VLM-R1's form."""
    return f"<think> look </think> <answer>{answer}</answer>"


def demonstrate(row: Row) -> str:
    """A worked response. Three of five draw their boxes a cell too narrow, as in `refcoco`."""
    listed = boxes(row["answer"]) or []
    if int(row["row_id"], 16) % 5 >= 3 or not listed:
        return answered(row["answer"])
    for item in listed:
        x1, y1, x2, y2 = item["bbox_2d"]
        item["bbox_2d"] = [x1, y1, x2 - CUT_PX, y2]
    return answered(f"```json\n{json.dumps(listed)}\n```")


def synthetic_train(n: int, seed: int) -> Iterator[RawRow]:
    """`n` rows in the form of the training file."""
    return _rows(n, f"d3 train {seed}")


def synthetic_test(n: int, seed: int) -> Iterator[RawRow]:
    """`n` rows of other pictures."""
    return _rows(n, f"d3 test {seed}")


def _rows(n: int, seed: str) -> Iterator[RawRow]:
    """Rows that ask for two names: in one of eight both are absent, in one of eight both are there."""
    rng = random.Random(seed)
    for number in range(n):
        shapes = flat_shapes.arrange(2, rng)
        absent = sorted(flat_shapes.COLOURS.keys() - {shape.colour for shape in shapes})
        there = {0: 0, 1: 2}.get(number % 8, 1)
        asked = rng.sample(shapes, there)
        others = [f"{colour} {rng.choice(flat_shapes.KINDS)}" for colour in rng.sample(absent, 2 - there)]
        names = [shape.name for shape in asked] + others
        rng.shuffle(names)
        found = [shape for shape in shapes if shape in asked]
        picture = {"bytes": flat_shapes.draw(shapes, rng), "path": f"pictures/{number}.png"}
        yield vlm_r1_jsonl.row(number, picture, f"Detect: {', '.join(names)}.", vlm_r1_jsonl.detections(found))


TRAIN = Source(
    name="d3_train",
    title="D3 in VLM-R1's jsonl form",
    files="*.jsonl",
    columns=("image", "conversations"),
    convert=convert,
    read=vlm_r1_jsonl.read,
    synthetic=synthetic_train,
    demonstrate=demonstrate,
    gold=gold,
)
"""The survey of R1-style methods counts 24,000 rows; upstream states no number."""
