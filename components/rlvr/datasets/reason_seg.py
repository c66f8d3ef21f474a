"""ReasonSeg of LISA (dvlab-research/LISA): where is the thing that an implicit instruction speaks of?

A folder has `train/`, `val/` and `test/` with a picture `NAME.jpg` and a file `NAME.json` each (239, 200 and 779):

    {"text": ["what is used for cooking?", ...], "is_sentence": true,
     "shapes": [{"label": "target", "points": [[x, y], ...], ...}, ...]}

Visual-RFT makes a box of it: the bounding box of the FIRST polygon alone, in whole thousandths, rounded down; one row
for each instruction in training, the first instruction of each picture in evaluation. A raw row is the file with its
picture and one instruction in `text`. Synthetic rows have the same columns (`rlvr.datasets.solids` draws them).
Upstream: Liuziyu77/Visual-RFT@9486633 lisa_evaluation/gen_box_ann.py and gen_sft.py.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from rlvr.data.open_picture import open_picture
from rlvr.data.rows import Row
from rlvr.data.source import RawRow, Source
from rlvr.datasets import solids
from rlvr.errors import RlvrError
from rlvr.rewards.grounding_giou import strict_box

INSTRUCTIONS = (
    "it carries many people",
    "it runs on rails",
    "it gives water",
    "it says halt",
    "it purrs",
    "it barks",
    "one sleeps in it",
    "it flushes",
)
"""What the synthetic pictures' eight things are spoken of as."""


def convert(raw: RawRow) -> dict[str, Any]:
    """A raw row -> our fields; the reward reads `solution`, the benchmark `box_unit` (fractions of the picture)."""
    corners = [point for point in raw["shapes"][0]["points"]]
    xs, ys = [float(x) for x, _ in corners], [float(y) for _, y in corners]
    width, height = size_px(raw["image"])
    box = (min(xs) / width, min(ys) / height, max(xs) / width, max(ys) / height)
    answer = written(tuple(int(number * 1000) for number in box))
    return {
        "images": [raw["image"]],
        "prompt": raw["text"],
        "answer": answer,
        "answer_kind": "box",
        "extra": json.dumps({"solution": f"<answer> {answer} </answer>", "box_unit": box}),
    }


def size_px(image: Any) -> tuple[int, int]:
    """Width and height of a picture in either form of a raw row."""
    encoded = image["bytes"] if isinstance(image, dict) else image
    with open_picture(encoded) as opened:
        return opened.size


def written(box: tuple[int, ...]) -> str:
    """A box of thousandths in the answer's form."""
    x1, y1, x2, y2 = box
    return f"({x1},{y1}),({x2},{y2})"


def demonstrate(row: Row) -> str:
    """A worked response: say where the thing is, then give its box, whose upper edge is a cell off in three of five."""
    box = strict_box(json.loads(row["extra"] or "{}")["solution"]) or (0, 0, 1000, 1000)
    think = solids.whereabouts(box)
    if int(row["row_id"], 16) % 5 < 3:
        box = solids.sloppy(box)
    return f"<think> {think} </think>\n<answer>{written(box)}</answer>"


def read_train(folder: Path) -> Iterator[RawRow]:
    """Every instruction of every training picture."""
    return _read(folder, "train", every=True)


def read_val(folder: Path) -> Iterator[RawRow]:
    """The first instruction of every validation picture."""
    return _read(folder, "val", every=False)


def read_test(folder: Path) -> Iterator[RawRow]:
    """The first instruction of every test picture."""
    return _read(folder, "test", every=False)


def _read(folder: Path, split: str, *, every: bool) -> Iterator[RawRow]:
    """The files of `folder/split` in order; files without a picture beside them are passed over, as upstream does."""
    files = sorted((folder / split).glob("*.json"))
    if not files:
        raise RlvrError(f"{str(folder / split)!r} holds no *.json files; put ReasonSeg's {split} part there.")
    for file in files:
        if file.with_suffix(".jpg").is_file():
            about = _about(file)
            for text in about["text"] if every else about["text"][:1]:
                yield {"image": f"{split}/{file.stem}.jpg", "text": text, "shapes": about["shapes"]}


def _about(file: Path) -> Any:
    """The JSON of one picture; some files are in Windows' Western encoding."""
    content = file.read_bytes()
    try:
        return json.loads(content)
    except UnicodeDecodeError:
        return json.loads(content.decode("cp1252"))
    except ValueError as error:
        raise RlvrError(f"{str(file)!r} is not JSON ({error}); fetch it again.") from error


def synthetic_train(n: int, seed: int) -> Iterator[RawRow]:
    """`n` pictures of two things, one of which is spoken of."""
    return _synthetic(n, f"train {seed}")


def synthetic_val(n: int, seed: int) -> Iterator[RawRow]:
    """The same from another seed."""
    return _synthetic(n, f"val {seed}")


def synthetic_test(n: int, seed: int) -> Iterator[RawRow]:
    """The same from a third seed."""
    return _synthetic(n, f"test {seed}")


def _synthetic(n: int, seed: str) -> Iterator[RawRow]:
    rng = random.Random(f"reason_seg {seed}")
    for _ in range(n):
        chosen = rng.sample(range(len(INSTRUCTIONS)), 2)
        boxes = solids.place(2, rng)
        things = [(solids.LOOKS[number], box) for number, box in zip(chosen, boxes, strict=True)]
        x1, y1, x2, y2 = (coordinate * solids.SIDE_PX / 1000 for coordinate in boxes[0])
        polygon = [[x1, y1], [x2, y1], [x2, y2], [x1, y2]]
        yield {
            "image": solids.draw(things, rng),
            "text": INSTRUCTIONS[chosen[0]],
            "shapes": [{"label": "target", "points": polygon}],
        }


TRAIN = Source(
    name="reason_seg_train",
    title="ReasonSeg train",
    files="train/*",
    published_rows=None,
    columns=("image", "text", "shapes"),
    convert=convert,
    read=read_train,
    synthetic=synthetic_train,
    demonstrate=demonstrate,
)
"""239 pictures, one row for each of their instructions. Not on the Hub: give a folder or `s3://` prefix."""

VAL = replace(
    TRAIN,
    name="reason_seg_val",
    title="ReasonSeg val",
    files="val/*",
    published_rows=200,
    read=read_val,
    synthetic=synthetic_val,
    demonstrate=None,
)
"""200 pictures with one instruction each."""

TEST = replace(
    VAL, name="reason_seg_test", title="ReasonSeg test", files="test/*", published_rows=779, read=read_test,
    synthetic=synthetic_test,
)  # fmt: skip
"""779 pictures with one instruction each."""
