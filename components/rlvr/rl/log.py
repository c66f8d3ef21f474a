"""What a training stage writes as it goes.

metrics.jsonl       {"step": 1, "reward": 0.41, "rewards": {"digits.correctness": 0.31}, "seconds": 2.1, ...}
tensorboard/        the same numbers as scalars
rollouts/*.parquet  completions in parts, in order; one rollouts.parquet once the stage is done
stage.json          {"name": "grpo", "kind": "Grpo", "steps": 100, "seconds": 1830.0, ...}
"""

import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from rlvr.progress import report
from rlvr.rl import event_file

ROLLOUTS = pa.schema(
    [
        ("step", pa.int32()),
        ("row_id", pa.string()),
        ("turn", pa.int32()),
        ("completion", pa.string()),
        ("tokens", pa.int32()),
        ("truncated", pa.bool_()),
        ("reward", pa.float64()),
        ("rewards", pa.string()),
        ("advantage", pa.float64()),
        ("correct", pa.bool_()),
    ]
)
"""Columns of `rollouts.parquet`; `rewards` is a JSON object of the components."""

PART_ROWS = 4096
"""Rollouts held in memory before they are written as a part; also the rows of a row group of `rollouts.parquet`."""


class TrainingLog:
    """The log of one stage.

    With a folder every step is written at once, for whoever watches and for what remains of a killed run. A resumed
    stage goes on from the copy in its checkpoint (`write`, `read`), so steps that were lost are not there twice.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """`folder` is emptied of an earlier log; None keeps everything in memory until `write`."""
        self.folder = folder
        self.metrics: list[dict[str, Any]] = []
        """One entry a step, in order."""
        self.rollouts: list[dict[str, Any]] = []
        """Completions, as `ROLLOUTS` names their columns, that are not in a part yet."""
        self._begin()

    def step(self, metrics: dict[str, Any]) -> None:
        """Record one step: numbers by name, one level of nesting allowed; `step` counts from 1."""
        self.metrics.append(metrics)
        if self.folder is None:
            return
        with (self.folder / "metrics.jsonl").open("a") as file:
            file.write(_line(metrics))
        if self._events:
            event_file.add(self._events, metrics)
        if len(self.rollouts) >= PART_ROWS:
            self._flush(self.folder)

    def write(self, folder: Path) -> None:
        """Write what `read` needs, for a checkpoint."""
        folder.mkdir(parents=True, exist_ok=True)
        if self.folder is not None:
            self._flush(self.folder)
            if folder != self.folder and (self.folder / "rollouts").is_dir():
                shutil.copytree(self.folder / "rollouts", folder / "rollouts", copy_function=shutil.copyfile)
        elif self.rollouts:
            _write_part(self.rollouts, folder, 0)
        (folder / "metrics.jsonl").write_text("".join(map(_line, self.metrics)))

    @classmethod
    def read(cls, folder: Path, into: Path | None = None) -> "TrainingLog":
        """The log that `write` left in `folder`, to go on in the folder `into` (None: in memory)."""
        log = cls()
        log.metrics = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
        if into is None:
            log.rollouts = [row for part in _parts(folder) for row in pq.read_table(part).to_pylist()]
            return log
        log.folder = into
        log._begin()
        if (folder / "rollouts").is_dir():
            shutil.copytree(folder / "rollouts", into / "rollouts", copy_function=shutil.copyfile)
        return log

    def finish(self, folder: Path, summary: dict[str, Any]) -> None:
        """Write the whole log to `folder`, rollouts in one file, with `summary` as `stage.json`."""
        self.write(folder)
        if self.metrics and folder != self.folder and event_file.available():
            event_file.start(folder / "tensorboard", self.metrics)
        if parts := _parts(folder):
            _join(parts, folder / "rollouts.parquet")
            shutil.rmtree(folder / "rollouts")
        (folder / "stage.json").write_text(json.dumps(summary, indent=1, sort_keys=True))

    def _begin(self) -> None:
        self._events: Path | None = None
        if self.folder is None:
            return
        for old in ("rollouts", "tensorboard"):
            shutil.rmtree(self.folder / old, ignore_errors=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "metrics.jsonl").write_text("".join(map(_line, self.metrics)))
        if event_file.available():
            self._events = self.folder / "tensorboard"
            event_file.start(self._events, self.metrics)
        else:
            done = len(self.metrics)
            report(self.folder.name, done, done, note="no TensorBoard files: the tensorboard package is not installed")

    def _flush(self, folder: Path) -> None:
        if self.rollouts:
            _write_part(self.rollouts, folder, len(_parts(folder)))
            self.rollouts = []


def extend(previous: Path | None, name: str, log: TrainingLog, summary: dict[str, Any], out: Path) -> None:
    """Write the log of every stage so far: a copy of `previous`, and this stage under `out/<name>`."""
    if previous is not None:
        shutil.copytree(previous, out, dirs_exist_ok=True, copy_function=shutil.copyfile)
    log.finish(out / name, {"name": name, **summary})


def _line(metrics: dict[str, Any]) -> str:
    return json.dumps(metrics) + "\n"


def _parts(folder: Path) -> list[Path]:
    return sorted((folder / "rollouts").glob("*.parquet"))


def _write_part(rollouts: Sequence[dict[str, Any]], folder: Path, number: int) -> None:
    (folder / "rollouts").mkdir(exist_ok=True)
    path = folder / "rollouts" / f"{number:06d}.parquet"
    pq.write_table(pa.Table.from_pylist(list(rollouts), ROLLOUTS), path, compression="zstd")


def _join(parts: Sequence[Path], out: Path) -> None:
    """One file whose bytes do not depend on where the parts were cut."""
    with pq.ParquetWriter(out, ROLLOUTS, compression="zstd") as writer:
        for group in _groups(parts):
            writer.write_table(group.combine_chunks())


def _groups(parts: Sequence[Path]) -> Iterator[pa.Table]:
    rest = ROLLOUTS.empty_table()
    for part in parts:
        rest = pa.concat_tables([rest, pq.read_table(part)])
        while len(rest) >= PART_ROWS:
            yield rest.slice(0, PART_ROWS)
            rest = rest.slice(PART_ROWS)
    if len(rest):
        yield rest
