"""Facts that were measured before, so that an interrupted verification goes on where it stopped.

Facts of a row group are kept under a key made of the group's bytes and of everything that could change them; a key that
is known is never measured again. In a pipeline the folder travels through the stage's checkpoints.
"""

import os
import shutil
import time
from collections.abc import Collection
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from rlvr.checkpoints import Checkpoints
from rlvr.data.fact_schema import SCHEMA

SAVE_SECONDS = 60.0
"""Time between two checkpoints."""


def kept(folder: Path, key: str) -> pa.Table | None:
    """The facts kept under `key`; None when there are none, or when their file is damaged."""
    path = folder / f"{key}.parquet"
    if not path.is_file():
        return None
    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError):
        return None
    return table if table.schema.equals(SCHEMA) else None


def keep(folder: Path, key: str, table: pa.Table) -> None:
    """Keep facts under `key`; the file appears whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"{key}.{os.getpid()}.partial"
    pq.write_table(table, partial, compression="zstd")
    partial.replace(folder / f"{key}.parquet")


def sweep(folder: Path, keys: Collection[str]) -> None:
    """Remove everything but the facts of `keys`."""
    wanted = {f"{key}.parquet" for key in keys}
    for path in folder.glob("*") if folder.is_dir() else ():
        if path.name not in wanted:
            path.unlink()


class Checkpointed:
    """A folder of kept facts that is restored from a stage's checkpoints and saved to them now and then."""

    def __init__(self, folder: Path, checkpoints: Checkpoints) -> None:
        """Fill `folder` from the newest checkpoint, if there is one."""
        self._folder, self._checkpoints, self._saved, self._step = folder, checkpoints, time.monotonic(), 0

        def restore(step: int, kept: Path) -> int:
            shutil.copytree(kept, folder, dirs_exist_ok=True)
            return step

        self._step = checkpoints.restore(restore) or 0

    def save_when_due(self) -> None:
        """Save a checkpoint when the last one is old enough."""
        if time.monotonic() - self._saved >= SAVE_SECONDS and self._folder.is_dir():
            self._step += 1
            self._checkpoints.save(self._step, self._folder)
            self._saved = time.monotonic()
