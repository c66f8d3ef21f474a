"""Video-MMMU: 900 questions about 300 lectures, in three tracks: what is seen, what is understood, what is learned.

Hub: lmms-lab/VideoMMMU, three configurations of 300 rows (Perception, Comprehension, Adaptation), and archives of the
lectures, which are to be unpacked beside them as they are: Art/, Business/, Engineering/, Humanities/, Medicine/ and
Science/. A raw row:

    {"id": "validation_Accounting_1", "question": "...", "options": ["A. 12", ...], "answer": "C",
     "question_type": "multiple-choice" or "open" or the track's name}

and `video`, the path of the lecture, `track`. Pictures of the third track's questions stand at the end of its videos;
open questions, with a number or a text for an answer, are there alone. Synthetic rows show a ball and ask for its
colour.

Source: lmms_eval/tasks/videommmu of https://github.com/EvolvingLMMs-Lab/lmms-eval; arXiv 2501.13826
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rlvr.data.source import RawRow, Source
from rlvr.datasets import clips
from rlvr.datasets.choices import LETTERS, listed
from rlvr.datasets.video_rows import joined

TRACKS = ("Perception", "Comprehension", "Adaptation")
FIELDS = ("Art", "Business", "Engineering", "Humanities", "Medicine", "Science")
"""Folders of the lectures."""


def convert(raw: RawRow) -> dict[str, Any]:
    """A raw row -> our fields; options, without the letters that some rows give them, under the question."""
    options = [_bare(option, letter) for option, letter in zip(raw["options"] or (), LETTERS, strict=False)]
    multiple = bool(options) and raw["question_type"] != "open"
    return {
        "images": [],
        "video": raw["video"],
        "prompt": listed(raw["question"], options if multiple else None),
        "answer": raw["answer"].strip().upper() if multiple else raw["answer"],
        "answer_kind": "letter" if multiple else "open",
        "options": options if multiple else None,
        "extra": json.dumps({"subset": raw["track"]}),
    }


def _bare(option: str, letter: str) -> str:
    return option.removeprefix(f"{letter}.").strip()


def read(folder: Path) -> Iterator[RawRow]:
    """The questions of a folder, track by track."""
    for track in TRACKS:
        for row in joined(folder, f"{track}/**/*.parquet", "id", FIELDS):
            yield {**row, "track": track}


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` clips with the question for the ball's colour, every sixth an open one."""
    colours = list(clips.COLOURS)
    for number, clip in enumerate(clips.balls(n, f"video_mmmu {seed}")):
        at = number % 4
        others = [colour for colour in colours if colour != clip.colour]
        shown = [*others[:at], clip.colour, *others[at:]][:4]
        is_open = number % 6 == 5
        yield {
            "id": f"validation_Physics_{number + 1}",
            "question": "What colour is the ball?",
            "options": [] if is_open else [f"{LETTERS[place]}. {colour}" for place, colour in enumerate(shown)],
            "answer": clip.colour if is_open else LETTERS[at],
            "question_type": "open" if is_open else "multiple-choice",
            "track": "Adaptation" if is_open else TRACKS[number % 3],
            "video": clip.video,
        }


TEST = Source(
    name="video_mmmu",
    title="Video-MMMU",
    hub_id="lmms-lab/VideoMMMU",
    files="**/*",
    licence="not stated",
    published_rows=900,
    columns=("video", "question", "options", "answer", "question_type", "track"),
    convert=convert,
    read=read,
    synthetic=synthetic,
)
"""No commit has been established."""
