"""Perception Test, validation part: multiple-choice questions with three options about short staged videos.

Hub: lmms-lab/PerceptionTest_Val, configuration mc_question_val, split validation, and archives of the videos, which are
to be unpacked into videos/ or beside the files. A raw row (`answer_id` is the number of the option, from 0, as text):

    {"video_name": "video_10909", "question_id": "41", "question": "...", "options": ["...", "...", "..."],
     "answer_id": "2", "area": "physics", "reasoning": "descriptive", "tag": ["..."]}

and `video`, the path of the video. Synthetic rows show a ball and ask for its colour.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rlvr.data.source import RawRow, Source
from rlvr.datasets import clips
from rlvr.datasets.video_rows import joined

LETTERS = "ABC"


def convert(raw: RawRow) -> dict[str, Any]:
    """A raw row -> our fields, in NExT-GQA's form: options under the question, the answer as (A)."""
    options = [f"({letter}) {option}" for letter, option in zip(LETTERS, raw["options"], strict=True)]
    return {
        "images": [],
        "video": raw["video"],
        "prompt": "\n".join([raw["question"], *options]),
        "answer": f"({LETTERS[int(raw['answer_id'])]})",
        "answer_kind": "option",
        "options": options,
        "extra": json.dumps({"subset": raw["area"]}),
    }


def read(folder: Path) -> Iterator[RawRow]:
    """The questions of a folder, each with the path of its video."""
    return joined(folder, "mc_question_val/validation-*.parquet", "video_name", ("videos",))


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` clips with the question for the ball's colour, among three."""
    colours = list(clips.COLOURS)
    for number, clip in enumerate(clips.balls(n, f"perception_test {seed}"), start=1):
        at = number % len(LETTERS)
        others = [colour for colour in colours if colour != clip.colour]
        yield {
            "video_name": f"clip{number}",
            "question_id": str(number),
            "question": "What colour is the ball?",
            "options": [*others[:at], clip.colour, *others[at:]][: len(LETTERS)],
            "answer_id": str(at),
            "area": "semantics",
            "reasoning": "descriptive",
            "tag": ["colour recognition"],
            "video": clip.video,
        }


VALIDATION = Source(
    name="perception_test_validation",
    title="Perception Test, validation",
    hub_id="lmms-lab/PerceptionTest_Val",
    files="**/*",
    licence="not stated",
    columns=("video", "question", "options", "answer_id", "area"),
    convert=convert,
    read=read,
    synthetic=synthetic,
)
"""Neither a commit nor the row count has been established."""
