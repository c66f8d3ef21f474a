"""Curr-ReFT's third stage: free answers (a number, a list of classes, a box), and its tests in the same domain.

Files of `curr_reft`: math_math*, classify_v2_coco* and detection_coco* under `train/open`; columns problem, solution,
task, image. Boxes are `[x1, y1, x2, y2]` in pixels of the picture as published. The `_test` files are benchmarks;
upstream's third stage also trains on math_math_test, ours does not.
"""

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from rlvr.data.pictures_apart import rows_of
from rlvr.data.rows import Row
from rlvr.data.source import RawRow, Source
from rlvr.datasets import curr_reft, figures, toys
from rlvr.rewards.last_box import first_box

KINDS_OF_ANSWER = {"math": "number", "classify": "classes", "detection": "box"}


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields, with the box of a detection row."""
    fields = curr_reft.fields(raw, KINDS_OF_ANSWER.get(raw["task"], "text"))
    if raw["task"] == "detection" and (box := first_box(fields["answer"])):
        fields["boxes_xyxy_px"] = [[float(value) for value in box]]
    return fields


def gold(row: Row) -> tuple[str, str]:
    """A completion with the row's box, as an object within braces, and one with a box far away."""
    box = [int(value) for value in (row["boxes_xyxy_px"] or [[0, 0, 0, 0]])[0]]
    right, wrong = (curr_reft.response("gold", in_braces(place)) for place in (box, [value + 9999 for value in box]))
    return right, wrong


def demonstrate(row: Row) -> str:
    """A worked response.

    Three of five are careless: an angle misread by ten degrees, the last of several classes (or the only one's
    neighbour in the list) left out or mistaken, a box half a square off.
    """
    digits, answer = int(row["row_id"], 16), row["answer"]
    careless = digits % 5 < 3
    if row["answer_kind"] == "number":
        degrees = int(answer) + (digits // 5 % 2 * 20 - 10 if careless else 0)
        return curr_reft.response(f"180 - {180 - degrees}", str(degrees))
    if row["answer_kind"] == "box":
        x1, y1, x2, y2 = (int(value) for value in (row["boxes_xyxy_px"] or [[]])[0])
        box = toys.beside((x1, y1, x2, y2)) if careless else (x1, y1, x2, y2)
        return curr_reft.response("I look.", in_braces(list(box)))
    classes = answer.split(", ")
    if careless:
        other = toys.KINDS[(toys.KINDS.index(classes[-1]) + 1) % len(toys.KINDS)]
        classes = classes[:-1] or [other]
    return curr_reft.response(f"I see {len(classes)}.", ", ".join(classes))


def in_braces(box: list[int]) -> str:
    """A box as the answer that the format reward asks for."""
    return f'{{"bbox": {box}}}'


def synthetic_math(n: int, seed: int) -> Iterator[RawRow]:
    """`n` missing angles."""
    return angles(n, f"curr_reft_open_math {seed}")


def synthetic_math_test(n: int, seed: int) -> Iterator[RawRow]:
    """`n` missing angles from other seeds."""
    return angles(n, f"curr_reft_open_math_test {seed}")


def synthetic_classify(n: int, seed: int) -> Iterator[RawRow]:
    """`n` pictures whose kinds of toys are to be named."""
    return classes(n, f"curr_reft_open_classify {seed}")


def synthetic_classify_test(n: int, seed: int) -> Iterator[RawRow]:
    """`n` such pictures from other seeds."""
    return classes(n, f"curr_reft_open_classify_test {seed}")


def synthetic_detection(n: int, seed: int) -> Iterator[RawRow]:
    """`n` toys whose boxes are asked for."""
    return _boxes(n, f"curr_reft_open_detection {seed}")


def synthetic_detection_test(n: int, seed: int) -> Iterator[RawRow]:
    """`n` such toys from other seeds."""
    return _boxes(n, f"curr_reft_open_detection_test {seed}")


def classes(n: int, seed: str) -> Iterator[RawRow]:
    """`n` questions for all kinds of toys in a picture."""
    rng = random.Random(seed)
    for _ in range(n):
        picture = toys.draw(rng)
        yield curr_reft.raw_row("Name all toys.", ", ".join(picture.boxes), "classify", picture.png)


def angles(n: int, seed: str) -> Iterator[RawRow]:
    """`n` questions for the missing angle of a figure."""
    rng = random.Random(seed)
    for _ in range(n):
        figure = figures.draw(rng)
        yield curr_reft.raw_row("Which angle is missing?", str(figure.answer_degrees), "math", figure.png)


def _boxes(n: int, seed: str) -> Iterator[RawRow]:
    rng = random.Random(seed)
    for _ in range(n):
        picture = toys.draw(rng)
        kind = rng.choice(list(picture.boxes))
        yield curr_reft.raw_row(f"Where is the {kind}?", str(list(picture.boxes[kind])), "detection", picture.png)


def read_math(folder: Path) -> Iterator[RawRow]:
    """Mathematics."""
    return curr_reft.training_rows(folder, "math_math")


def read_classify(folder: Path) -> Iterator[RawRow]:
    """Classes."""
    return curr_reft.training_rows(folder, "classify_v2_coco")


def read_detection(folder: Path) -> Iterator[RawRow]:
    """Boxes."""
    return curr_reft.training_rows(folder, "detection_coco")


def read_math_test(folder: Path) -> Iterator[RawRow]:
    """1,000 rows of mathematics."""
    return rows_of(folder, ["math_math_test.jsonl"])


def read_classify_test(folder: Path) -> Iterator[RawRow]:
    """1,000 rows of classes."""
    return rows_of(folder, ["classify_v2_coco_test.jsonl"])


def read_detection_test(folder: Path) -> Iterator[RawRow]:
    """1,000 rows of boxes."""
    return rows_of(folder, ["detection_coco_test.jsonl"])


MATH = Source(
    name="curr_reft_open_math",
    title="Curr-ReFT stage 3, mathematics (Math360K, Geo170K)",
    hub_id=curr_reft.HUB_ID,
    files=curr_reft.FILES,
    licence=curr_reft.LICENCE,
    published_rows=3000,
    columns=curr_reft.COLUMNS,
    convert=convert,
    read=read_math,
    synthetic=synthetic_math,
    demonstrate=demonstrate,
)

CLASSIFY = replace(
    MATH,
    name="curr_reft_open_classify",
    title="Curr-ReFT stage 3, classes (RefCOCO, RefCOCOg)",
    read=read_classify,
    synthetic=synthetic_classify,
)

DETECTION = replace(
    MATH,
    name="curr_reft_open_detection",
    title="Curr-ReFT stage 3, boxes (RefCOCO)",
    read=read_detection,
    synthetic=synthetic_detection,
    gold=gold,
)

MATH_TEST = Source(
    name="curr_reft_math_test",
    title="Curr-ReFT mathematics test",
    hub_id=curr_reft.HUB_ID,
    files=curr_reft.FILES,
    licence=curr_reft.LICENCE,
    published_rows=1000,
    columns=curr_reft.COLUMNS,
    convert=convert,
    read=read_math_test,
    synthetic=synthetic_math_test,
)

CLASSIFY_TEST = replace(
    MATH_TEST,
    name="curr_reft_classify_test",
    title="Curr-ReFT classes test (RefCOCO, RefCOCOg)",
    read=read_classify_test,
    synthetic=synthetic_classify_test,
)

DETECTION_TEST = replace(
    MATH_TEST,
    name="curr_reft_detection_test",
    title="Curr-ReFT boxes test (RefCOCO)",
    read=read_detection_test,
    synthetic=synthetic_detection_test,
)
