"""Charades-STA: when in the video does the event happen?  Training data of VideoChat-R1, and its first benchmark.

Annotations: OpenGVLab/VideoChat-R1 @ 73b2ea9, `charades_annotation/train.json` (5,338 videos, 12,408 queries) and
`val.json` (the test part: 1,334 videos, 3,720 queries); videos: Charades_v1_480 of the Allen Institute for AI. One
folder holds `train.json`, `val.json` and the videos, as `Charades_v1_480/AO8RW.mp4` or beside the files. A file holds

    {"AO8RW": {"duration": 33.67, "timestamps": [[0.0, 6.9], ...], "sentences": ["a person ...", ...]}, ...}

and every query is a raw row, in the order of the file:

    {"video": "Charades_v1_480/AO8RW.mp4", "duration": 33.67, "timestamp": [0.0, 6.9], "sentence": "a person ..."}

Times are seconds. Four true spans are reversed and 1,789 end behind the video; the verify stage quarantines the former,
which no prediction can match. Synthetic rows show a ball that is there for a part of the time.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rlvr.data.rows import Row
from rlvr.data.source import RawRow, Source
from rlvr.datasets import clips
from rlvr.errors import RlvrError

COLUMNS = ("video", "duration", "timestamp", "sentence")


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields; the sentence in lower case and without its final dot, as upstream."""
    start, end = (float(second) for second in raw["timestamp"])
    return {
        "images": [],
        "video": raw["video"],
        "prompt": raw["sentence"].strip().lower().removesuffix("."),
        "answer": f"{start} to {end}",
        "answer_kind": "time_span",
        "span_seconds": [start, end],
        "extra": json.dumps({"duration_seconds": float(raw["duration"])}),
    }


def demonstrate(row: Row) -> str:
    """A worked response: when the ball comes and when it is gone, then the answer.

    Three of five demonstrations do not wait for the ball to go and answer with the end of the clip, so that RL has
    something to teach.
    """
    start, end = (int(second) for second in row["span_seconds"] or ())
    if int(row["row_id"], 16) % 5 < 3:
        return f"<think> from {start} on </think> <answer>{start}.00 to {clips.SECONDS}.00</answer>"
    return f"<think> from {start} to {end} </think> <answer>{start}.00 to {end}.00</answer>"


def gold(row: Row) -> tuple[str, str]:
    """The true span, and one far behind it."""
    start, end = row["span_seconds"] or (0.0, 0.0)
    later = 1000 + max(start, end)
    form = "<think>gold</think>\n<answer>{} to {}</answer>"
    return form.format(start, end), form.format(later, later + 1)


def read_train(folder: Path) -> Iterator[RawRow]:
    """The training queries of a folder."""
    return queries(folder, "train.json", "Charades_v1_480")


def read_test(folder: Path) -> Iterator[RawRow]:
    """The test queries of a folder."""
    return queries(folder, "val.json", "Charades_v1_480")


def queries(folder: Path, file: str, videos: str) -> Iterator[RawRow]:
    """Queries in the annotations `file`; the videos are in the subfolder `videos`, or beside the file."""
    path = folder / file
    try:
        entries: dict[str, dict[str, Any]] = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise RlvrError(f"{path} cannot be read ({error}); put the published annotation file there.") from error
    place = f"{videos}/" if (folder / videos).is_dir() else ""
    for video, entry in entries.items():
        for timestamp, sentence in zip(entry["timestamps"], entry["sentences"], strict=False):
            yield {
                "video": f"{place}{video}.mp4",
                "duration": entry["duration"],
                "timestamp": timestamp,
                "sentence": sentence,
            }


def synthetic_train(n: int, seed: int) -> Iterator[RawRow]:
    """`n` clips for training."""
    return shown(n, f"charades_sta train {seed}")


def synthetic_test(n: int, seed: int) -> Iterator[RawRow]:
    """`n` clips for evaluation."""
    return shown(n, f"charades_sta test {seed}")


def shown(n: int, seed: str) -> Iterator[RawRow]:
    """`n` clips drawn from `seed`, each with one query."""
    for clip in clips.balls(n, seed):
        yield {
            "video": clip.video,
            "duration": float(clips.SECONDS),
            "timestamp": [float(clip.start_seconds), float(clip.end_seconds)],
            "sentence": f"A {clip.colour} ball lies there.",
        }


TRAIN = Source(
    name="charades_sta_train",
    title="Charades-STA, training part",
    files="**/*",
    licence="not stated (Charades videos: non-commercial, not verified)",
    published_rows=12_408,
    columns=COLUMNS,
    convert=convert,
    read=read_train,
    synthetic=synthetic_train,
    demonstrate=demonstrate,
    gold=gold,
)
"""What VideoChat-R1 trains grounding on; the paper counts 5,338 videos, the authors use all queries."""

TEST = Source(
    name="charades_sta_test",
    title="Charades-STA, test part",
    files="**/*",
    licence="not stated (Charades videos: non-commercial, not verified)",
    published_rows=3720,
    columns=COLUMNS,
    convert=convert,
    read=read_test,
    synthetic=synthetic_test,
)
"""What it is evaluated on."""
