"""MVBench: twenty kinds of multiple-choice questions about short videos, 200 of each, with two to five options.

Hub: OpenGVLab/MVBench (MIT), branch `video`: `json/<kind>.json` beside folders of videos (archives are to be unpacked),
`<kind>` being one of `FOLDERS`. A file is a list of

    {"video": "ZS9XR.mp4", "question": "What happened after ...?", "candidates": ["...", "...", "...", "..."],
     "answer": "Ate the medicine.", "start": 11.1, "end": 19.6}

`answer` is the text of one candidate. Where `start` and `end` are given, the question is about that part alone, which
lies there as a video of its own, `ZS9XR_11.1_19.6.mp4` (the frames of TVQA at three a second). A raw row here has the
`kind` and the video's path besides. Synthetic rows show a ball and ask for its colour.
"""

import json
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from rlvr.data.source import RawRow, Source
from rlvr.datasets import clips
from rlvr.datasets.choices import listed
from rlvr.errors import RlvrError

FOLDERS = {
    "action_antonym": "ssv2_video_mp4",
    "action_count": "perception/videos",
    "action_localization": "sta/sta_video_segment",
    "action_prediction": "star/Charades_segment",
    "action_sequence": "star/Charades_segment",
    "character_order": "perception/videos",
    "counterfactual_inference": "clevrer/video_validation",
    "egocentric_navigation": "vlnqa",
    "episodic_reasoning": "tvqa/video_fps3_hq_segment",
    "fine_grained_action": "Moments_in_Time_Raw/videos",
    "fine_grained_pose": "nturgbd_convert",
    "moving_attribute": "clevrer/video_validation",
    "moving_count": "clevrer/video_validation",
    "moving_direction": "clevrer/video_validation",
    "object_existence": "clevrer/video_validation",
    "object_interaction": "star/Charades_segment",
    "object_shuffle": "perception/videos",
    "scene_transition": "scene_qa/video",
    "state_change": "perception/videos",
    "unexpected_action": "FunQA_test/test",
}
"""Kind of question -> folder of its videos."""

LETTERS = "ABCDE"


def convert(raw: RawRow) -> dict[str, Any]:
    """A raw row -> our fields, in NExT-GQA's form: options under the question, the answer as (A)."""
    candidates = [str(candidate) for candidate in raw["candidates"]]
    if raw["answer"] not in candidates:
        raise RlvrError(f"The answer {raw['answer']!r} is none of the candidates {candidates}.")
    return {
        "images": [],
        "video": raw["video"],
        "prompt": listed(raw["question"], candidates),
        "answer": f"({LETTERS[candidates.index(raw['answer'])]})",
        "answer_kind": "option",
        "options": candidates,
        "extra": json.dumps({"subset": raw["kind"]}),
    }


def read(folder: Path) -> Iterator[RawRow]:
    """The questions of a folder, kind by kind, each with the path of its video."""
    if not any((folder / "json").glob("*.json")):
        raise RlvrError(f"{str(folder)!r} holds no json/*.json; put MVBench's branch `video` there, archives unpacked.")
    for kind, place in FOLDERS.items():
        file = folder / "json" / f"{kind}.json"
        try:
            entries: list[RawRow] = json.loads(file.read_bytes())
        except (OSError, ValueError) as error:
            raise RlvrError(f"{str(file)!r} cannot be read as JSON ({error}); fetch it again.") from error
        for entry in entries:
            yield {**entry, "kind": kind, "video": _place(folder, place, entry)}


def _place(folder: Path, place: str, entry: RawRow) -> str:
    """Path of an entry's video, relative to the folder; the name of what is missing where there is none."""
    name = PurePosixPath(str(entry["video"]))
    names = [str(name), f"{name.with_suffix('')}.mp4"]
    if "start" in entry:
        names.insert(0, f"{name.with_suffix('')}_{entry['start']}_{entry['end']}.mp4")
    return next((f"{place}/{one}" for one in names if (folder / place / one).is_file()), f"{place}/{names[0]}")


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` clips with the question for the ball's colour, the kinds by turns."""
    kinds, colours = list(FOLDERS), list(clips.COLOURS)
    for number, clip in enumerate(clips.balls(n, f"mv_bench {seed}")):
        yield {
            "kind": kinds[number % len(kinds)],
            "video": clip.video,
            "question": "What colour is the ball?",
            "candidates": colours[number % 2 :] + colours[: number % 2],
            "answer": clip.colour,
        }


TEST = Source(
    name="mv_bench",
    title="MVBench",
    hub_id="OpenGVLab/MVBench",
    files="**/*",
    licence="MIT",
    published_rows=4000,
    columns=("kind", "video", "question", "candidates", "answer"),
    convert=convert,
    read=read,
    synthetic=synthetic,
)
"""No commit of the branch `video` has been established."""
