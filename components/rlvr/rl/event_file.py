"""A TensorBoard event file that follows from the metrics alone: no host name, no process id, one place."""

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

NAME = "events.out.tfevents"
"""TensorBoard reads every file whose name contains `tfevents`."""


def available() -> bool:
    """Whether the tensorboard package is installed."""
    from importlib.util import find_spec

    return find_spec("tensorboard") is not None


def start(folder: Path, steps: Sequence[Mapping[str, Any]] = ()) -> None:
    """Begin the event file of `folder` anew with the metrics of `steps`, each dated by the `seconds` that followed."""
    from tensorboard.compat.proto.event_pb2 import Event

    folder.mkdir(parents=True, exist_ok=True)
    (folder / NAME).unlink(missing_ok=True)
    date = time.time() - sum(step.get("seconds", 0.0) for step in steps)
    _append(folder, Event(wall_time=date, file_version="brain.Event:2"))
    for step in steps:
        date += step.get("seconds", 0.0)
        add(folder, step, date)


def add(folder: Path, metrics: Mapping[str, Any], date: float | None = None) -> None:
    """Append the scalars of one step, whose number is `metrics["step"]`; `date` is in seconds since 1970."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary

    values = [Summary.Value(tag=tag, simple_value=value) for tag, value in scalars(metrics)]
    when = time.time() if date is None else date
    _append(folder, Event(wall_time=when, step=metrics["step"], summary=Summary(value=values)))


def scalars(metrics: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, float]]:
    """Tag and value of every number but the step; a nested mapping's names are joined by a slash (`rewards/format`)."""
    for name, value in metrics.items():
        if isinstance(value, Mapping):
            yield from scalars(value, f"{prefix}{name}/")
        elif isinstance(value, int | float) and name != "step":
            yield f"{prefix}{name}", float(value)


def _append(folder: Path, event: Any) -> None:
    from tensorboard.summary.writer.record_writer import RecordWriter

    with (folder / NAME).open("ab") as file:
        RecordWriter(file).write(event.SerializeToString())
