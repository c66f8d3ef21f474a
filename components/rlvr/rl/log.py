"""What a training stage writes as it goes: metrics a step, every rollout, and a summary."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

ROLLOUTS = pa.schema(
    [
        ("step", pa.int32()),
        ("row_id", pa.string()),
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


class TrainingLog:
    """The log of one stage, kept in memory and written with every checkpoint."""

    def __init__(self) -> None:
        self.metrics: list[dict[str, Any]] = []
        self.rollouts: list[dict[str, Any]] = []

    def write(self, folder: Path) -> None:
        """Write `metrics.jsonl` and, for RL stages, `rollouts.parquet`."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in self.metrics))
        if self.rollouts:
            pq.write_table(
                pa.Table.from_pylist(self.rollouts, ROLLOUTS), folder / "rollouts.parquet", compression="zstd"
            )

    @classmethod
    def read(cls, folder: Path) -> "TrainingLog":
        """The inverse of `write`."""
        log = cls()
        log.metrics = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
        if (folder / "rollouts.parquet").is_file():
            log.rollouts = pq.read_table(folder / "rollouts.parquet").to_pylist()
        return log


def extend(previous: Path | None, name: str, log: TrainingLog, summary: dict[str, Any], out: Path) -> None:
    """Write the log of every stage so far: a copy of `previous`, and this stage under `out/<name>`."""
    if previous is not None:
        shutil.copytree(previous, out, dirs_exist_ok=True, copy_function=shutil.copyfile)
    folder = out / name
    log.write(folder)
    (folder / "stage.json").write_text(json.dumps({"name": name, **summary}, indent=1, sort_keys=True))


def percentile(values: Sequence[float], fraction: float) -> float:
    """The value below which `fraction` of the values lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(fraction * len(ordered)))]
