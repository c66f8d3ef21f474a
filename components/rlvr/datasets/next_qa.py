"""NExT-QA, multiple choice, test part: 8,564 questions with five options about videos, without moments.

Hub: lmms-lab/NExTQA, configuration MC, split test, and videos.zip, which is to be unpacked: the videos lie in
NExTVideo/ or beside the files. A raw row:

    {"video": 4010069381, "frame_count": 369, "width": 640, "height": 480, "question": "how do ...", "answer": 2,
     "qid": 6, "type": "CH", "a0": "...", "a1": "...", "a2": "...", "a3": "...", "a4": "..."}

`answer` is the number of the option, from 0. Synthetic rows show a ball and ask for its colour; `video` is a video.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rlvr.data.source import RawRow, Source
from rlvr.datasets import clips
from rlvr.datasets.video_rows import joined

OPTIONS = tuple(f"a{number}" for number in range(5))
"""Columns of the options."""

LETTERS = "ABCDE"


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields, in NExT-GQA's form: options under the question, the answer as (A)."""
    options = [f"({letter}) {raw[name]}" for letter, name in zip(LETTERS, OPTIONS, strict=True)]
    return {
        "images": [],
        "video": raw["video"],
        "prompt": "\n".join([raw["question"], *options]),
        "answer": f"({LETTERS[int(raw['answer'])]})",
        "answer_kind": "option",
        "options": options,
        "extra": json.dumps({"subset": raw["type"]}),
    }


def read(folder: Path) -> Iterator[RawRow]:
    """The questions of a folder, each with the path of its video."""
    return joined(folder, "MC/test-*.parquet", "video", ("NExTVideo",))


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` clips with the question for the ball's colour."""
    colours = list(clips.COLOURS)
    for number, clip in enumerate(clips.balls(n, f"next_qa {seed}")):
        yield {
            "video": clip.video,
            "frame_count": clips.SECONDS,
            "width": clips.WIDTH_PX,
            "height": clips.HEIGHT_PX,
            "question": "what colour is the ball?",
            "answer": colours.index(clip.colour),
            "qid": number,
            "type": "DO",
            **dict(zip(OPTIONS, colours, strict=True)),
        }


TEST = Source(
    name="next_qa_test",
    title="NExT-QA, multiple choice, test part",
    hub_id="lmms-lab/NExTQA",
    files="**/*",
    licence="not stated",
    published_rows=8564,
    columns=("video", "question", "answer", "type", *OPTIONS),
    convert=convert,
    read=read,
    synthetic=synthetic,
)
"""No commit has been established."""
