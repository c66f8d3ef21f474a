"""Video-MME, short videos: 900 questions with four options about 300 videos of less than two minutes, no subtitles.

Hub: lmms-lab/Video-MME, `videomme/test-*.parquet` (2,700 questions about videos of any length), and archives of
the videos, which are to be unpacked into data/ or beside the files. A raw row:

    {"video_id": "001", "duration": "short", "domain": "Knowledge", "sub_category": "...", "url": "...",
     "videoID": "fFjv93ACGo8", "question_id": "001-1", "task_type": "...", "question": "...",
     "options": ["A. ...", "B. ...", "C. ...", "D. ..."], "answer": "C"}

and `video`, the path of the video. Synthetic rows show a ball and ask for its colour.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rlvr.data.source import RawRow, Source
from rlvr.datasets import clips
from rlvr.datasets.video_rows import joined

LETTERS = "ABCD"


def convert(raw: RawRow) -> dict[str, Any]:
    """A raw row -> our fields, in NExT-GQA's form: options under the question, the answer as (A)."""
    options = [str(option) for option in raw["options"]]
    return {
        "images": [],
        "video": raw["video"],
        "prompt": "\n".join([raw["question"], *options]),
        "answer": f"({raw['answer'].strip().upper()})",
        "answer_kind": "option",
        "options": options,
        "extra": json.dumps({"subset": raw["task_type"]}),
    }


def read(folder: Path) -> Iterator[RawRow]:
    """The questions of a folder, of videos of any length."""
    return joined(folder, "videomme/test-*.parquet", "videoID", ("data",))


def longer(raw: RawRow) -> bool:
    """Whether the video is of medium length or long."""
    return bool(raw["duration"] != "short")


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` clips with the question for the ball's colour, among four."""
    colours = list(clips.COLOURS)
    for number, clip in enumerate(clips.balls(n, f"video_mme {seed}"), start=1):
        at = number % len(LETTERS)
        others = [colour for colour in colours if colour != clip.colour]
        shown = [*others[:at], clip.colour, *others[at:]][: len(LETTERS)]
        yield {
            "video_id": f"{number:03d}",
            "duration": "short",
            "domain": "Knowledge",
            "sub_category": "Technology",
            "url": "",
            "videoID": f"clip{number}",
            "question_id": f"{number:03d}-1",
            "task_type": "Attribute Perception",
            "question": "What colour is the ball?",
            "options": [f"{letter}. {colour}" for letter, colour in zip(LETTERS, shown, strict=True)],
            "answer": LETTERS[at],
            "video": clip.video,
        }


SHORT = Source(
    name="video_mme_short",
    title="Video-MME, short videos",
    hub_id="lmms-lab/Video-MME",
    files="**/*",
    licence="not stated",
    published_rows=900,
    columns=("video", "question", "options", "answer", "duration", "task_type"),
    convert=convert,
    read=read,
    skip=longer,
    synthetic=synthetic,
)
"""No commit has been established."""
