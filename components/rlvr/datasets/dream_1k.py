r"""DREAM-1K: 1,000 short videos with a description and a list of the events that it tells (arXiv 2407.00634).

Hub: omni-research/DREAM-1K (Apache-2.0), `json/metadata.json` beside `video/`. The file is a list of rows whose fields
are all text; a file of JSON lines is read as well:

    {"idx": "0", "video_file": "video/0.mp4", "source": "Movie_Animation", "duration": "9.5", "description": "...",
     "events": "[\"A man opens a door.\", ...]", "n_subjects": "1", "n_shots": "2", "n_events": "6"}

`events` is JSON, a Python list, or a list already. Synthetic rows show a ball that comes and goes.
"""

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rlvr.data.source import RawRow, Source
from rlvr.datasets import clips
from rlvr.errors import RlvrError

QUESTION = "Describe the video in detail."

LONGEST_EVENTS = 65_536
"""Characters of a list of events that are read."""


def convert(raw: RawRow) -> dict[str, Any]:
    """A raw row -> our fields; the description is the answer, and the events stand in `events`."""
    return {
        "images": [],
        "video": raw["video"],
        "prompt": QUESTION,
        "answer": raw["description"].strip(),
        "answer_kind": "text",
        "extra": json.dumps({"events": events_of(raw["events"]), "subset": raw["source"]}),
    }


def events_of(written: Any) -> list[str]:
    """The events of a row, from any of the forms in which they are written."""
    if isinstance(written, str):
        try:
            written = json.loads(written) if len(written) <= LONGEST_EVENTS else None
        except ValueError:
            try:
                written = ast.literal_eval(written)
            except (ValueError, SyntaxError, MemoryError, RecursionError):
                written = None
    if not isinstance(written, list) or not all(isinstance(event, str) for event in written):
        raise RlvrError("The column events is no list of texts; fetch json/metadata.json of DREAM-1K again.")
    return written


def read(folder: Path) -> Iterator[RawRow]:
    """The rows of a folder, each with the path of its video."""
    file = folder / "json" / "metadata.json"
    try:
        text = file.read_text(encoding="utf-8")
        rows = json.loads(text) if text.lstrip().startswith("[") else [json.loads(line) for line in text.splitlines()]
    except (OSError, ValueError) as error:
        raise RlvrError(f"{str(file)!r} cannot be read as JSON ({error}); put DREAM-1K's json/ there.") from error
    for row in rows:
        path = str(row["video_file"])
        yield {**row, "video": path if (folder / path).is_file() else f"video/{Path(path).name}"}


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` clips of a ball that appears and, in most, disappears."""
    for number, clip in enumerate(clips.balls(n, f"dream_1k {seed}")):
        events = [f"A {clip.colour} ball appears after {clip.start_seconds} seconds."]
        if clip.end_seconds < clips.SECONDS:
            events.append(f"The {clip.colour} ball disappears after {clip.end_seconds} seconds.")
        yield {
            "idx": str(number),
            "video_file": f"video/{number}.mp4",
            "source": "Stock_Synthetic",
            "duration": str(clips.SECONDS),
            "description": " ".join(events),
            "events": json.dumps(events),
            "n_subjects": "1",
            "n_shots": "1",
            "n_events": str(len(events)),
            "video": clip.video,
        }


TEST = Source(
    name="dream_1k",
    title="DREAM-1K",
    hub_id="omni-research/DREAM-1K",
    files="**/*",
    licence="Apache-2.0 (annotations); videos for academic research alone",
    published_rows=1000,
    columns=("video", "description", "events", "source"),
    convert=convert,
    read=read,
    synthetic=synthetic,
)
"""No commit has been established."""
