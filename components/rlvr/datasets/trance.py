"""TRANCE, Reason-RFT's spatial transformation: two pictures of a scene, and the functions that lead to the second.

Files of `reason_rft_cot`: A1-Spatial-Transformation-train-60k-cot.json, Spatial-Transformation-id-test-1k.json,
Spatial-Transformation-ood-left-test-1k.json, Spatial-Transformation-ood-right-test-1k.json. A raw row:

    {"id": "...", "image": ["before.png", "after.png"], "problem": "... (0, cube, small, red, rubber), (1, ...)",
     "answer": "change_color(0, blue), change_size(1, large)", "cot": "..."}

Upstream's left and right sets show the second picture from the side. Synthetic scenes hold object 0 on the left and
object 1 on the right; one of them or both get another colour or the other size. In the side views of the test sets the
second picture is sheared, left or right.
"""

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from rlvr.data.pictures_apart import rows_of
from rlvr.data.rows import Row
from rlvr.data.source import RawRow, Source
from rlvr.datasets import reason_rft_cot
from rlvr.datasets.png import as_png
from rlvr.rewards.function_sequence import Function, functions

WIDTH_PX, HEIGHT_PX = 112, 56
COLOURS = {"red": (200, 30, 30), "green": (20, 140, 40), "blue": (40, 70, 220), "yellow": (245, 215, 30)}
RADIUS_PX = {"small": 13, "large": 25}
SHAPES = ("cube", "sphere")
SCALE = 2
"""Scenes are drawn at twice their size and reduced, which smooths edges."""

Thing = dict[str, str]
"""Shape, size and color of an object."""


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields."""
    return reason_rft_cot.fields(raw, "functions")


def demonstrate(row: Row) -> str:
    """A worked response: each object as listed, as it is in the second picture, and what differs; then the functions.

    Three of five demonstrations look at object 0 alone; where it stays as it is, they name the colour it has.
    """
    before, after, calls = _listed(row["prompt"]), _listed(row["prompt"]), functions(row["answer"])
    for name, which, value in calls:
        after[int(which)][name.removeprefix("change_")] = value
    if int(row["row_id"], 16) % 5 < 3:
        calls = [call for call in calls if call[1] == "0"] or [("change_color", "0", after[0]["color"])]
        return reason_rft_cot.response(_compared(before[:1], after[:1]), _written(calls))
    return reason_rft_cot.response(_compared(before, after), _written(calls))


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` training rows."""
    return _scenes(n, f"trance {seed}", 0.0)


def synthetic_test(n: int, seed: int) -> Iterator[RawRow]:
    """`n` rows like the training rows, from other seeds."""
    return _scenes(n, f"trance_test {seed}", 0.0)


def synthetic_left(n: int, seed: int) -> Iterator[RawRow]:
    """`n` rows with the second picture seen from the left."""
    return _scenes(n, f"trance_left {seed}", 0.25)


def synthetic_right(n: int, seed: int) -> Iterator[RawRow]:
    """`n` rows with the second picture seen from the right."""
    return _scenes(n, f"trance_right {seed}", -0.25)


def read_train(folder: Path) -> Iterator[RawRow]:
    """All 60,000 training rows."""
    return reason_rft_cot.training_rows(folder, TRAIN_FILE)


def read_rest(folder: Path) -> Iterator[RawRow]:
    """Training rows without those of the cold start."""
    return reason_rft_cot.training_rows(folder, TRAIN_FILE, skip=reason_rft_cot.COLD_START_ROWS)


def read_test(folder: Path) -> Iterator[RawRow]:
    """The 1,000 test rows of the same view."""
    return rows_of(folder, ["*Spatial-Transformation-id*.json"])


def read_left(folder: Path) -> Iterator[RawRow]:
    """The 1,000 test rows with the second view from the left."""
    return rows_of(folder, ["*Spatial-Transformation-ood-left*.json"])


def read_right(folder: Path) -> Iterator[RawRow]:
    """The 1,000 test rows with the second view from the right."""
    return rows_of(folder, ["*Spatial-Transformation-ood-right*.json"])


def draw(things: list[Thing], floor: tuple[int, int, int], shear: float = 0.0) -> bytes:
    """A PNG of the things from left to right on a greyish floor; `shear` leans the view to one side."""
    canvas = Image.new("RGB", (WIDTH_PX * SCALE, HEIGHT_PX * SCALE), floor)
    pen = ImageDraw.Draw(canvas)
    for place, thing in enumerate(things):
        x, y = (WIDTH_PX * SCALE * (2 * place + 1)) // (2 * len(things)), HEIGHT_PX * SCALE // 2
        radius, colour = RADIUS_PX[thing["size"]] * SCALE, COLOURS[thing["color"]]
        shape = pen.rectangle if thing["shape"] == "cube" else pen.ellipse
        shape((x - radius, y - radius, x + radius, y + radius), fill=colour, outline=(40, 40, 40), width=SCALE)
    if shear:
        lean = (1, shear, -shear * canvas.height / 2, 0, 1, 0)
        canvas = canvas.transform(canvas.size, Image.Transform.AFFINE, lean, fillcolor=floor)
    return as_png(canvas.resize((WIDTH_PX, HEIGHT_PX), Image.Resampling.BOX))


def _scenes(n: int, seed: str, shear: float) -> Iterator[RawRow]:
    rng = random.Random(seed)
    for number in range(n):
        before = [
            {"shape": rng.choice(SHAPES), "size": rng.choice(list(RADIUS_PX)), "color": rng.choice(list(COLOURS))}
            for _ in range(2)
        ]
        after = [dict(thing) for thing in before]
        calls = []
        for which in rng.choice(((0,), (1,), (0, 1))):
            attribute, values = rng.choice((("color", list(COLOURS)), ("size", list(RADIUS_PX))))
            value = rng.choice([value for value in values if value != before[which][attribute]])
            after[which][attribute] = value
            calls.append((f"change_{attribute}", str(which), value))
        floor = (rng.randint(150, 210), rng.randint(150, 210), rng.randint(150, 210))
        listed = ", ".join(
            f"({which}, {thing['shape']}, {thing['size']}, {thing['color']}, rubber)"
            for which, thing in enumerate(before)
        )
        yield {
            "id": f"trance_{number}",
            "image": [draw(before, floor), draw(after, floor, shear)],
            "problem": f"At first: {listed}. What changed?",
            "answer": _written(calls),
            "cot": _compared(before, after),
        }


def _listed(prompt: str) -> list[Thing]:
    """The objects that a synthetic question lists."""
    entries = [entry.split(")")[0].split(", ") for entry in prompt.split("(")[1:]]
    return [{"shape": shape, "size": size, "color": color} for _, shape, size, color, _ in entries]


def _compared(before: list[Thing], after: list[Thing]) -> str:
    """`0 large red large blue color. 1 small red small red same.`: an object before, after, and what differs."""
    parts = []
    for which, (one, other) in enumerate(zip(before, after, strict=True)):
        differs = next((name for name in ("size", "color") if one[name] != other[name]), "same")
        parts.append(f"{which} {one['size']} {one['color']} {other['size']} {other['color']} {differs}.")
    return " ".join(parts)


def _written(calls: list[Function]) -> str:
    return ", ".join(f"{name}({which}, {value})" for name, which, value in calls)


TRAIN_FILE = "A1-Spatial-Transformation-train-60k-cot.json"

ALL = Source(
    name="trance_all",
    title="TRANCE, all training rows (Reason-RFT)",
    hub_id=reason_rft_cot.HUB_ID,
    files=reason_rft_cot.FILES,
    licence=reason_rft_cot.LICENCE,
    published_rows=60_000,
    columns=reason_rft_cot.COLUMNS,
    convert=convert,
    read=read_train,
    synthetic=synthetic,
    demonstrate=demonstrate,
)
"""What RL without a cold start trains on."""

TRAIN = replace(ALL, name="trance_train", title="TRANCE (Reason-RFT)", read=read_rest)
"""What stage 2 trains on."""

COLD_START = replace(
    ALL,
    name="trance_cot",
    title="TRANCE with chains of thought (Reason-RFT)",
    columns=reason_rft_cot.COT_COLUMNS,
    limit=reason_rft_cot.COLD_START_ROWS,
)
"""What stage 1 learns from."""

TEST = Source(
    name="trance_test",
    title="TRANCE test (Reason-RFT)",
    hub_id=reason_rft_cot.HUB_ID,
    files=reason_rft_cot.FILES,
    licence=reason_rft_cot.LICENCE,
    published_rows=1000,
    columns=reason_rft_cot.COLUMNS,
    convert=convert,
    read=read_test,
    synthetic=synthetic_test,
)

LEFT = replace(
    TEST,
    name="trance_left",
    title="TRANCE, second view from the left (Reason-RFT)",
    read=read_left,
    synthetic=synthetic_left,
)

RIGHT = replace(
    TEST,
    name="trance_right",
    title="TRANCE, second view from the right (Reason-RFT)",
    read=read_right,
    synthetic=synthetic_right,
)
