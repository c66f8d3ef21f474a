"""Progress of long work as JSON lines, for whoever watches: the `rlvr` command, or a pod's log."""

import json
import os
import time
from typing import Any

from rlvr.redaction import redacted

VARIABLE = "RLVR_PROGRESS"
"""Environment variable naming the file that progress lines are appended to. Unset, some are printed: events, notes,
ends, and one in ten seconds of the others."""

LOCK = "RLVR_LOCK"
"""Environment variable naming the file that the watching command keeps locked while it lives."""

MAX_CHARACTERS = 1_000_000
"""Longest line that is read as progress."""

_last_printed = 0.0


def report(stage: str, step: int, total: int, **values: Any) -> None:
    """Say that `step` of `total` of `stage` is done, with any values worth watching; secrets are taken out of texts."""
    global _last_printed
    values = {key: redacted(value) if isinstance(value, str) else value for key, value in values.items()}
    line = json.dumps({"time": round(time.time(), 3), "stage": stage, "step": step, "total": total, **values})
    if path := os.environ.get(VARIABLE):
        with open(path, "a", encoding="utf-8") as file:
            file.write(line + "\n")
    elif "event" in values or "note" in values or step == total or time.monotonic() - _last_printed > 10:
        _last_printed = time.monotonic()
        print(line, flush=True)


def read(path: str | os.PathLike[str], offset: int = 0) -> tuple[list[dict[str, Any]], int]:
    """Whole progress lines of a file from byte `offset` on, and the offset to go on from; other lines are left out."""
    try:
        with open(path, "rb") as file:
            file.seek(offset)
            data = file.read()
    except FileNotFoundError:
        return [], offset
    whole = data[: data.rfind(b"\n") + 1]
    found = (progress_line(line) for line in whole.split(b"\n"))
    return [line for line in found if line is not None], offset + len(whole)


def progress_line(text: str | bytes) -> dict[str, Any] | None:
    """The content of a progress line; None for any other text, such as a line that a killed process left half."""
    if len(text) > MAX_CHARACTERS:
        return None
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(line, dict) or not isinstance(line.get("stage"), str):
        return None
    counted = all(type(line.get(key)) is int for key in ("step", "total"))
    return line if counted and type(line.get("time")) in (int, float) else None
