"""LongVideoBench, validation part: 1,337 questions with up to five options about videos of seconds to an hour.

Hub: longvideobench/LongVideoBench (gated), `validation-*.parquet` and archives of videos, which are to be unpacked into
videos/ or beside the files (longvideobench/LongVideoBench-Meta has the same questions in data/). A raw row (unused
options are "N/A", `correct_choice` is the number of the option, from 0):

    {"video_id": "86CxyhFV9MI", "id": "86CxyhFV9MI_0", "video_path": "86CxyhFV9MI.mp4", "subtitle_path": "...",
     "correct_choice": 1, "question": "...", "option0": "...", ..., "option4": "N/A", "duration": 188.8,
     "duration_group": 600, "question_category": "T2A", "topic_category": "KS-Knowledge-STEM",
     "starting_timestamp_for_subtitles": 0.0}

Subtitles are not shown to the model. Synthetic rows show a ball and ask for its colour.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rlvr.data.source import RawRow, Source
from rlvr.datasets import clips
from rlvr.datasets.choices import listed
from rlvr.datasets.video_rows import joined

OPTIONS = tuple(f"option{number}" for number in range(5))
"""Columns of the options."""

UNUSED = "N/A"
"""What stands in an option that a question does not have."""

LETTERS = "ABCDE"


def convert(raw: RawRow) -> dict[str, Any]:
    """A raw row -> our fields, in NExT-GQA's form: options under the question, the answer as (A)."""
    options = [str(raw[name]) for name in OPTIONS if raw[name] not in (UNUSED, None)]
    return {
        "images": [],
        "video": raw["video"],
        "prompt": listed(raw["question"], options),
        "answer": f"({LETTERS[int(raw['correct_choice'])]})",
        "answer_kind": "option",
        "options": options,
        "extra": json.dumps({"subset": raw["question_category"], "seconds": raw["duration_group"]}),
    }


def read(folder: Path) -> Iterator[RawRow]:
    """The questions of a folder, each with the path of its video."""
    pattern = "validation-*.parquet" if any(folder.glob("validation-*.parquet")) else "data/validation-*.parquet"
    return joined(folder, pattern, "video_id", ("videos",))


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` clips with the question for the ball's colour, among four."""
    colours = list(clips.COLOURS)
    for number, clip in enumerate(clips.balls(n, f"long_video_bench {seed}")):
        at = number % 4
        others = [colour for colour in colours if colour != clip.colour]
        shown = [*others[:at], clip.colour, *others[at:]][:4]
        yield {
            "video_id": f"clip{number}",
            "id": f"clip{number}_0",
            "video_path": f"clip{number}.mp4",
            "subtitle_path": f"clip{number}_en.json",
            "correct_choice": at,
            "question": "What colour is the ball?",
            **dict(zip(OPTIONS, [*shown, UNUSED], strict=True)),
            "duration": float(clips.SECONDS),
            "duration_group": 15,
            "question_category": "S2A",
            "topic_category": "KS-Knowledge-STEM",
            "starting_timestamp_for_subtitles": 0.0,
            "video": clip.video,
        }


VALIDATION = Source(
    name="long_video_bench_validation",
    title="LongVideoBench, validation",
    hub_id="longvideobench/LongVideoBench",
    files="**/*",
    licence="CC BY-NC-SA 4.0 (not verified)",
    published_rows=1337,
    columns=("video", "question", "correct_choice", "question_category", "duration_group", *OPTIONS),
    convert=convert,
    read=read,
    synthetic=synthetic,
)
"""No commit has been established. The test part's answers are hidden."""
