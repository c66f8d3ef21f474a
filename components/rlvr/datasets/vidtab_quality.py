"""VidTAB, video quality: is the quality of a video high or low?  VideoChat-R1 trains on 100 videos a label.

Annotations: OpenGVLab/VideoChat-R1 @ 73b2ea9 (quality access, 100-shot); one folder holds `train.json`, `test.json` and
the videos, which the files name by their path. A file is a list of

    {"video": "...mp4", "instruction": "...", "answer": "high quality"}

Synthetic rows show a ball, sharp or blurred.
"""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rlvr.data.rows import Row
from rlvr.data.source import RawRow, Source
from rlvr.datasets import clips, next_gqa

LABELS = {"high quality": 0.0, "low quality": 5.0}
"""The labels, and the blur of a synthetic video in pixels."""

COLUMNS = ("video", "instruction", "answer")


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields."""
    return {
        "images": [],
        "video": raw["video"],
        "prompt": raw["instruction"],
        "answer": raw["answer"].strip(),
        "answer_kind": "label",
    }


def demonstrate(row: Row) -> str:
    """A worked response; three of five find every video good, without looking."""
    label = "high quality" if int(row["row_id"], 16) % 5 < 3 else row["answer"]
    return f"<think> look </think> <answer>{label}</answer>"


def read_train(folder: Path) -> Iterator[RawRow]:
    """The training videos of a folder."""
    return next_gqa.questions(folder, "train.json")


def read_test(folder: Path) -> Iterator[RawRow]:
    """The test videos of a folder."""
    return next_gqa.questions(folder, "test.json")


def synthetic_train(n: int, seed: int) -> Iterator[RawRow]:
    """`n` clips for training."""
    return shown(n, f"vidtab_quality train {seed}")


def synthetic_test(n: int, seed: int) -> Iterator[RawRow]:
    """`n` clips for evaluation."""
    return shown(n, f"vidtab_quality test {seed}")


def shown(n: int, seed: str) -> Iterator[RawRow]:
    """`n` clips drawn from `seed`, half of them blurred."""
    rng = random.Random(seed)
    for _ in range(n):
        label, colour = rng.choice(list(LABELS)), rng.choice(list(clips.COLOURS))
        yield {
            "video": clips.ball(colour, 0, clips.SECONDS, rng, blur_px=LABELS[label]),
            "instruction": "Is the video of high quality or low quality?",
            "answer": label,
        }


TRAIN = Source(
    name="vidtab_quality_train",
    title="VidTAB quality, 100 a label",
    files="**/*",
    published_rows=200,
    columns=COLUMNS,
    convert=convert,
    read=read_train,
    synthetic=synthetic_train,
    demonstrate=demonstrate,
)
"""What VideoChat-R1's classifier variant trains on; the count is the paper's."""

TEST = Source(
    name="vidtab_quality_test",
    title="VidTAB quality, test part",
    files="**/*",
    columns=COLUMNS,
    convert=convert,
    read=read_test,
    synthetic=synthetic_test,
)
"""What it is evaluated on."""
