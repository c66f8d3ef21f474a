"""Referring expression comprehension as VLM-R1 packs it: find the one thing that a phrase describes.

Hub: omlab/VLM-R1, with rec_jsons_processed.zip (unpack it) beside train2014.zip, refgta.zip and lisa_test.zip (packed
or not). Training rows (refcoco_train, refcocop_train, refcocog_train .jsonl) have the form of `vlm_r1_jsonl` with a box
as answer; test rows (refcoco_val.json, ...):

    {"image": "train2014/COCO_train2014_000000000009.jpg", "problem": "... region ... describes: the left bowl.",
     "solution": [x1, y1, x2, y2], "normalized_solution": [...], "normal_caption": "the left bowl"}

Boxes are in pixels of the original picture; those of rec_jsons_internvl.zip in thousandths of its sides. Synthetic rows
have the same columns and ask for one of two or three flat shapes.
"""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rlvr.data.open_picture import open_picture
from rlvr.data.pictures_apart import rows_of
from rlvr.data.rows import Row
from rlvr.data.source import RawRow, Source
from rlvr.datasets import flat_shapes, vlm_r1_jsonl
from rlvr.errors import RlvrError
from rlvr.picture_grid import grid_px
from rlvr.rewards.referring_iou import rescaled

TRAIN_FILES = tuple(f"{part}_train.jsonl" for part in ("refcoco", "refcocop", "refcocog"))

PER_MILLE = 1000


def convert(raw: RawRow) -> dict[str, Any]:
    """A row of either form -> our fields; the box stays in pixels of the original picture."""
    return _fields(raw, scale=False)


def convert_per_mille(raw: RawRow) -> dict[str, Any]:
    """The same for boxes in thousandths; `boxes_xyxy_px` has them in pixels."""
    return _fields(raw, scale=True)


def gold(row: Row) -> tuple[str, str]:
    """The true box in the model's frame (the processor's grid), and a box of one pixel."""
    extra = json.loads(row["extra"] or "{}")
    size = (extra["width_px"], extra["height_px"])
    box = rescaled((row["boxes_xyxy_px"] or [])[0], size, grid_px(*size))
    return answered([round(number) for number in box]), answered([0, 0, 1, 1])


def gold_per_mille(row: Row) -> tuple[str, str]:
    """The true box in thousandths, and a box of one thousandth."""
    return answered([round(number) for number in json.loads(row["answer"])]), answered([0, 0, 1, 1])


def answered(box: Sequence[int], thought: str = "gold") -> str:
    """A completion in VLM-R1's form: a JSON object with `bbox_2d`."""
    return f"<think> {thought} </think>\n<answer>{json.dumps({'bbox_2d': list(box)})}</answer>"


def demonstrate(row: Row) -> str:
    """A worked response: repeat the phrase, then its box. Most boxes of anything but squares are too narrow."""
    x1, y1, x2, y2 = (int(number) for number in (row["boxes_xyxy_px"] or [])[0])
    box = flat_shapes.narrowed((x1, y1, x2, y2)) if _careless(row) else (x1, y1, x2, y2)
    return answered(box, _phrase(row["prompt"]))


def demonstrate_per_mille(row: Row) -> str:
    """The same with boxes in thousandths."""
    x1, y1, x2, y2 = (round(number) for number in json.loads(row["answer"]))
    cut = round(PER_MILLE * flat_shapes.CUT_PX / flat_shapes.WIDTH_PX) if _careless(row) else 0
    return answered((x1, y1, x2 - cut, y2), _phrase(row["prompt"]))


def read_train(folder: Path) -> Iterator[RawRow]:
    """The three training files, with their pictures."""
    return rows_of(folder, TRAIN_FILES)


def read_refcoco_val(folder: Path) -> Iterator[RawRow]:
    """RefCOCO's validation rows."""
    return rows_of(folder, ("refcoco_val.json",))


def read_refcoco_plus_val(folder: Path) -> Iterator[RawRow]:
    """RefCOCO+'s validation rows."""
    return rows_of(folder, ("refcocop_val.json",))


def read_refcocog_val(folder: Path) -> Iterator[RawRow]:
    """RefCOCOg's validation rows."""
    return rows_of(folder, ("refcocog_val.json",))


def read_refgta(folder: Path) -> Iterator[RawRow]:
    """RefGTA's rows."""
    return rows_of(folder, ("refgta*.json",))


def read_lisa(folder: Path) -> Iterator[RawRow]:
    """LISA-Grounding's rows."""
    return rows_of(folder, ("lisa_test.json",))


def synthetic_train(n: int, seed: int) -> Iterator[RawRow]:
    """`n` rows in the form of the training files."""
    for number, (picture, phrase, box) in enumerate(shown(n, f"refcoco train {seed}")):
        yield vlm_r1_jsonl.row(number, picture, _question(phrase), list(box))


def synthetic_train_per_mille(n: int, seed: int) -> Iterator[RawRow]:
    """The same with boxes in thousandths."""
    for number, (picture, phrase, box) in enumerate(shown(n, f"refcoco train {seed}")):
        yield vlm_r1_jsonl.row(number, picture, _question(phrase), _per_mille(box))


def synthetic_test(n: int, seed: int) -> Iterator[RawRow]:
    """`n` rows in the form of the test files."""
    for picture, phrase, box in shown(n, f"refcoco test {seed}"):
        yield _test_row(picture, phrase, box, list(box))


def synthetic_test_per_mille(n: int, seed: int) -> Iterator[RawRow]:
    """The same with boxes in thousandths."""
    for picture, phrase, box in shown(n, f"refcoco test {seed}"):
        yield _test_row(picture, phrase, box, _per_mille(box))


def _fields(raw: RawRow, *, scale: bool) -> dict[str, Any]:
    box = raw["conversations"][1]["value"] if "conversations" in raw else raw["solution"]
    question = raw["conversations"][0]["value"] if "conversations" in raw else raw["problem"]
    width, height = size_px(raw["image"])
    numbers = _numbers(box)
    units = (width / PER_MILLE, height / PER_MILLE) if scale else (1, 1)
    pixels = [number * units[place % 2] for place, number in enumerate(numbers)]
    answer = json.dumps(numbers)
    columns = {"solution": f"<answer> {answer} </answer>", "width_px": width, "height_px": height}
    return {
        "images": [raw["image"]],
        "prompt": question.replace("<image>", "").strip(),
        "answer": answer,
        "answer_kind": "box",
        "boxes_xyxy_px": [pixels],
        "extra": json.dumps(columns),
    }


def size_px(picture: Any) -> tuple[int, int]:
    """Width and height of an encoded picture."""
    encoded = picture["bytes"] if isinstance(picture, dict) else picture
    with open_picture(encoded) as opened:
        return opened.size


def _numbers(box: Any) -> list[float]:
    try:
        numbers = json.loads(box.replace("<answer>", "").replace("</answer>", "")) if isinstance(box, str) else box
    except ValueError:
        numbers = None
    if not (isinstance(numbers, list) and len(numbers) == 4 and all(type(item) in (int, float) for item in numbers)):
        raise RlvrError(f"the answer is {box!r}; expected four numbers [x1, y1, x2, y2].")
    return numbers


def shown(n: int, seed: str) -> Iterator[tuple[dict[str, Any], str, flat_shapes.Box]]:
    """Pictures, each with a phrase for one of its shapes and that shape's box."""
    rng = random.Random(seed)
    for number in range(n):
        shapes = flat_shapes.arrange(rng.randint(2, 3), rng)
        chosen = rng.choice(shapes)
        # Every eighth phrase points by place: the leftmost shape, where no other begins in the same column.
        by_place = number % 8 == 7 and shapes[0].box[0] < shapes[1].box[0]
        shape, phrase = (shapes[0], "the left shape") if by_place else (chosen, f"the {chosen.name}")
        yield {"bytes": flat_shapes.draw(shapes, rng), "path": f"pictures/{number}.png"}, phrase, shape.box


def _test_row(picture: dict[str, Any], phrase: str, box: flat_shapes.Box, solution: list[int]) -> RawRow:
    sides = (flat_shapes.WIDTH_PX, flat_shapes.HEIGHT_PX)
    normalised = [number / sides[place % 2] for place, number in enumerate(box)]
    return {
        "image": picture,
        "problem": _question(phrase),
        "solution": solution,
        "normalized_solution": normalised,
        "normal_caption": phrase,
    }


def _question(phrase: str) -> str:
    return f"Give the box of {phrase}."


def _phrase(question: str) -> str:
    return question.removeprefix("Give the box of ").removesuffix(".")


def _per_mille(box: flat_shapes.Box) -> list[int]:
    sides = (flat_shapes.WIDTH_PX, flat_shapes.HEIGHT_PX)
    return [round(PER_MILLE * number / sides[place % 2]) for place, number in enumerate(box)]


def _careless(row: Row) -> bool:
    """Three of five rows that ask for something else than a square."""
    return "square" not in row["prompt"] and int(row["row_id"], 16) % 5 < 3


TRAIN = Source(
    name="refcoco_train",
    title="RefCOCO, RefCOCO+ and RefCOCOg, training rows",
    hub_id="omlab/VLM-R1",
    files="**/*",
    columns=("image", "conversations"),
    convert=convert,
    read=read_train,
    synthetic=synthetic_train,
    demonstrate=demonstrate,
    gold=gold,
)
"""What VLM-R1 trains referring expressions on (licence and row count not stated)."""

TRAIN_PER_MILLE = replace(
    TRAIN,
    name="refcoco_train_per_mille",
    title="RefCOCO, RefCOCO+ and RefCOCOg, training rows in thousandths",
    convert=convert_per_mille,
    synthetic=synthetic_train_per_mille,
    demonstrate=demonstrate_per_mille,
    gold=gold_per_mille,
)
"""The InternVL form (rec_jsons_internvl.zip)."""

VAL = Source(
    name="refcoco_val",
    title="RefCOCO val",
    hub_id="omlab/VLM-R1",
    files="**/*",
    columns=("image", "problem", "solution"),
    convert=convert,
    read=read_refcoco_val,
    synthetic=synthetic_test,
)
"""Upstream scores 2,000 rows of it, shuffled with seed 42."""

VAL_PER_MILLE = replace(
    VAL, name="refcoco_val_per_mille", convert=convert_per_mille, synthetic=synthetic_test_per_mille
)
"""RefCOCO val in thousandths."""

PLUS_VAL = replace(VAL, name="refcoco_plus_val", title="RefCOCO+ val", read=read_refcoco_plus_val)
G_VAL = replace(VAL, name="refcocog_val", title="RefCOCOg val", read=read_refcocog_val)
REFGTA = replace(VAL, name="refgta", title="RefGTA", read=read_refgta)
LISA = replace(VAL, name="lisa_grounding", title="LISA-Grounding test", read=read_lisa)
