"""Defects of graphical user interfaces: a screen before and after an operation, what went wrong?

Upstream ships gui_multi-image.jsonl (1,797 rows in the form of `vlm_r1_jsonl`, two pictures each, from
songjah/GTArena-UI-Defects) and gui_multi-image.zip (456 MB) at omlab/VLM-R1; 906 answers are `Operation No Response`
and 891 `Unexpected Task Result`. Put both into one folder (the archive packed or not) and give it as the location.

Synthetic rows have the same form: on a screen with a button either nothing happens, or the wrong thing does.
"""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from rlvr.data.pictures_apart import rows_of
from rlvr.data.rows import Row
from rlvr.data.source import RawRow, Source
from rlvr.datasets import vlm_r1_jsonl
from rlvr.datasets.png import as_png

NO_RESPONSE, UNEXPECTED = "Operation No Response", "Unexpected Task Result"
"""The two answers."""

SIDE_PX = 56
"""Side of a synthetic screen: 2 x 2 tokens."""

QUESTION = "Before and after a click. Which defect?"
"""Our wording of the synthetic question."""

Colour = tuple[int, int, int]
"""sRGB."""

WINDOWS: tuple[Colour, ...] = ((215, 60, 50), (40, 120, 220), (30, 150, 60), (150, 60, 190))
"""Colours of what may be shown."""


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields; rows that name no rule are compared as whole texts (run_grpo_gui.sh@90052f4)."""
    return vlm_r1_jsonl.convert({"accu_reward_method": "all_match", **raw})


def read(folder: Path) -> Iterator[RawRow]:
    """The rows of gui_multi-image.jsonl, with their pictures."""
    return rows_of(folder, ("gui_multi-image*.jsonl",))


def demonstrate(row: Row) -> str:
    """A worked response: compare the screens, then name the defect.

    Three of five do not look at the second screen and take it that nothing happened.
    """
    changed = row["answer"] == UNEXPECTED
    if int(row["row_id"], 16) % 5 < 3:
        return f"<think> first screen </think> <answer>{NO_RESPONSE}</answer>"
    compared = "other" if changed else "same"
    return f"<think> first screen, then {compared} </think> <answer>{row['answer']}</answer>"


def synthetic_train(n: int, seed: int) -> Iterator[RawRow]:
    """`n` rows in the form of the shipped file."""
    return _rows(n, f"gui_defects train {seed}")


def synthetic_test(n: int, seed: int) -> Iterator[RawRow]:
    """`n` rows of other screens."""
    return _rows(n, f"gui_defects test {seed}")


def _rows(n: int, seed: str) -> Iterator[RawRow]:
    rng = random.Random(seed)
    for number in range(n):
        changed = rng.random() < 0.5
        colour, other = rng.sample(WINDOWS, 2)
        grounds = [_light(rng) for _ in range(2)]  # light changes, but that is no response
        corner = (rng.randrange(4, 20), rng.randrange(4, 16))
        screens = [_screen(colour, grounds[0], corner), _screen(other if changed else colour, grounds[1], corner)]
        pictures = [{"bytes": screen, "path": f"screens/{number}_{place}.png"} for place, screen in enumerate(screens)]
        yield vlm_r1_jsonl.row(number, pictures, QUESTION, UNEXPECTED if changed else NO_RESPONSE)


def _light(rng: random.Random) -> Colour:
    return rng.randint(215, 255), rng.randint(215, 255), rng.randint(215, 255)


def _screen(colour: Colour, ground: Colour, corner: tuple[int, int]) -> bytes:
    """A PNG of a screen with a window and, below it, a button."""
    canvas = Image.new("RGB", (SIDE_PX, SIDE_PX), ground)
    pen = ImageDraw.Draw(canvas)
    x, y = corner
    pen.rectangle((x, y, x + 30, y + 22), fill=colour)
    pen.rounded_rectangle((18, 44, 38, 52), 3, fill=(90, 90, 90))
    return as_png(canvas)


TRAIN = Source(
    name="gui_defects_train",
    title="GUI defects in two pictures",
    hub_id="omlab/VLM-R1",
    files="gui_multi-image*",
    published_rows=1797,
    columns=("image", "conversations"),
    convert=convert,
    read=read,
    synthetic=synthetic_train,
    demonstrate=demonstrate,
)
"""The jsonl file is in the code repository (om-ai-lab/VLM-R1), the pictures on the Hub."""

TEST = Source(
    name="gui_defects_test",
    title="Held-out GUI defects",
    columns=("image", "conversations"),
    convert=convert,
    synthetic=synthetic_test,
    location="synthetic",
    limit=500,
)
"""Upstream publishes no evaluation rows of this task; offline screens are held out instead."""
