"""GOT-10k as VideoChat-R1 uses it: follow one object through a clip, with eight boxes.

Annotations: OpenGVLab/VideoChat-R1, `got_train.json` (9,335 clips in the paper; users miss the file in the release) and
`got_val.json` (180). One folder holds the files and, for each clip, a folder of JPEG frames. A file is a list of

    {"path": ".../GOT-10k_Train_000001", "object": "bear", "gt": [[x0, y0, x1, y1], ... eight]}

with boxes in fractions of width and height. Upstream's paths are those of its cluster; only their last part counts. Of
n sorted frames upstream loads SEVEN (the first, int(i (n - 1) / 6) for i = 1 to 5, the last) as a video of two
frames a second, though prompt, boxes and paper say eight. Here the reader adds them as `frames`, and the conversion
makes a video of them without encoding them again.

Synthetic rows show a box in the left or right half of the picture, which may change sides once.
"""

import json
import random
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from rlvr.data.rows import Row
from rlvr.data.source import RawRow, Source
from rlvr.datasets import clips, motion_jpeg
from rlvr.errors import RlvrError

FRAMES, BOXES = 7, 8
"""Frames that are loaded, boxes that are asked for."""

FRAMES_PER_SECOND = 2.0
"""Rate of a video that is given as a list of frames, in Qwen's video reader."""

COLUMNS = ("path", "object", "gt", "frames")

SIDES = ([0, 0, 0.5, 1], [0.5, 0, 1, 1])
"""Boxes of the left and the right half."""


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row with its frames -> our fields; object and first box make the question, as upstream's prompt."""
    frames = [frame["bytes"] if isinstance(frame, dict) else frame for frame in raw["frames"]]
    boxes = raw["gt"]
    return {
        "images": [],
        "video": motion_jpeg.video(frames, FRAMES_PER_SECOND),
        "prompt": f"{raw['object']}, at first in {_written(boxes[0])}",
        "answer": json.dumps(boxes),
        "answer_kind": "tracked_boxes",
        "extra": json.dumps({"boxes": boxes}),
    }


def demonstrate(row: Row) -> str:
    """A worked response: eight boxes.

    Three of five demonstrations leave the object where it was at first.
    """
    boxes = json.loads(row["answer"])
    if int(row["row_id"], 16) % 5 < 3:
        boxes = boxes[:1] * BOXES
    return f"<think> </think> <answer>[{','.join(map(_written, boxes))}]</answer>"


def _written(box: list[float]) -> str:
    """A box in as few characters as Python reads: `[.5,0,1,1]`."""
    return "[" + ",".join(f"{value:g}".removeprefix("0") or "0" for value in box) + "]"


def gold(row: Row) -> tuple[str, str]:
    """The true boxes, and eight that lie outside of the picture."""
    form = "<think>gold</think>\n<answer>{}</answer>"
    return form.format(row["answer"]), form.format(json.dumps([[5, 5, 6, 6]] * BOXES))


def read_train(folder: Path) -> Iterator[RawRow]:
    """The training clips of a folder."""
    return clips_in(folder, "got_train.json")


def read_val(folder: Path) -> Iterator[RawRow]:
    """The validation clips of a folder."""
    return clips_in(folder, "got_val.json")


def clips_in(folder: Path, file: str) -> Iterator[RawRow]:
    """The entries of an annotation file with the paths of their frames."""
    path = folder / file
    try:
        entries: list[RawRow] = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise RlvrError(f"{path} cannot be read ({error}); put the published annotation file there.") from error
    for entry in entries:
        name = PurePosixPath(entry["path"]).name
        found = sorted(frame.name for frame in (folder / name).glob("*.jpg"))
        if not found:
            raise RlvrError(f"{folder / name} holds no .jpg frames; put the frames of clip {name} of {file} there.")
        yield entry | {"frames": [f"{name}/{found[place]}" for place in loaded(len(found))]}


def loaded(count: int) -> list[int]:
    """Which of `count` frames upstream loads."""
    return [0, *(int(number * (count - 1) / 6) for number in range(1, 6)), count - 1]


def synthetic_train(n: int, seed: int) -> Iterator[RawRow]:
    """`n` clips for training."""
    return shown(n, f"got_10k train {seed}")


def synthetic_val(n: int, seed: int) -> Iterator[RawRow]:
    """`n` clips for evaluation."""
    return shown(n, f"got_10k val {seed}")


def shown(n: int, seed: str) -> Iterator[RawRow]:
    """`n` clips drawn from `seed`. A box changes sides with the third, fifth or seventh frame, or not at all."""
    rng = random.Random(seed)
    for number in range(1, n + 1):
        colour, first, change = rng.choice(list(clips.COLOURS)), rng.randrange(2), rng.choice((2, 4, 6, BOXES))
        places = [first if moment < change else 1 - first for moment in range(BOXES)]
        yield {
            "path": f"synthetic/GOT-10k_{number:06}",
            "object": f"{colour} box",
            "gt": [list(SIDES[place]) for place in places],
            "frames": clips.sides(places[:FRAMES], colour, rng),
        }


TRAIN = Source(
    name="got_10k_train",
    title="GOT-10k, training clips",
    files="**/*",
    licence="CC BY-NC-SA 4.0 (not verified)",
    published_rows=9335,
    columns=COLUMNS,
    convert=convert,
    read=read_train,
    synthetic=synthetic_train,
    demonstrate=demonstrate,
    gold=gold,
)
"""What VideoChat-R1 trains tracking on."""

VAL = Source(
    name="got_10k_val",
    title="GOT-10k, validation clips",
    files="**/*",
    licence="CC BY-NC-SA 4.0 (not verified)",
    published_rows=180,
    columns=COLUMNS,
    convert=convert,
    read=read_val,
    synthetic=synthetic_val,
)
"""What it is evaluated on."""
