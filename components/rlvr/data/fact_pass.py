"""The streaming pass over a data set: the facts of each row group, measured side by side in several processes.

A row group is the unit: it is read, measured and forgotten, so memory does not depend on how many there are. Results
come in the order of the rows, however the processes take turns. Facts that are already kept are reused (`kept_facts`).
"""

import hashlib
import multiprocessing
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from rlvr.canonical import digest, load, plain
from rlvr.data import kept_facts
from rlvr.data.fact_schema import SCHEMA
from rlvr.data.prompt_tokens import PromptLimit, counted_by
from rlvr.data.row_facts import Measure, measured, row_facts
from rlvr.errors import RlvrError
from rlvr.method import Task

BATCH_ROWS = 32
"""Rows held at a time: rows with pictures are up to a megabyte each, and few stay in the processor's caches."""

ALONE_ROWS = 512
"""Rows up to which this process measures alone: others would take longer to start."""

MOST_PROCESSES = 16
"""Processes used when nobody says how many."""

Advance = Callable[[int, int], None]
"""Called with the row groups done and their number."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Measuring:
    """What the facts depend on besides the rows."""

    tasks: tuple[Task, ...] = ()
    """Tasks whose rewards and prompts are asked; none asks no rewards."""
    limits: tuple[PromptLimit, ...] = ()
    """What training makes of the prompts."""
    tokenizer: str = ""
    """Path of a `tokenizer.json`; empty estimates the tokens of texts."""

    def key(self) -> str:
        """Digest of everything here, of the code and of the tokenizer."""
        from rlvr.provenance import code_digest

        file = Path(self.tokenizer) / "tokenizer.json" if Path(self.tokenizer).is_dir() else Path(self.tokenizer)
        tokens = hashlib.sha256(file.read_bytes()).hexdigest() if self.tokenizer and file.is_file() else ""
        return digest({"measuring": plain(self), "code": code_digest(), "tokenizer": tokens})


def usable_processes() -> int:
    """Processes worth starting on this machine."""
    return min(MOST_PROCESSES, len(os.sched_getaffinity(0)))


def fact_groups(
    path: Path, measuring: Measuring, *, kept: Path | None, processes: int | None, advance: Advance
) -> Iterator[pa.Table]:
    """The facts of every row group of the file `path`, in order; positions and relations are not filled in yet."""
    with pq.ParquetFile(path, pre_buffer=False) as file:
        groups, rows = file.num_row_groups, file.metadata.num_rows
    workers = min(processes or usable_processes(), groups)
    keys: list[str] = []
    one_by_one = _alone if workers <= 1 or rows <= ALONE_ROWS else _side_by_side
    for done, (key, table) in enumerate(one_by_one(path, measuring, kept, groups, workers), start=1):
        keys.append(key)
        yield table
        advance(done, groups)
    if kept is not None:
        kept_facts.sweep(kept, keys)


def _alone(
    path: Path, measuring: Measuring, kept: Path | None, groups: int, workers: int
) -> Iterator[tuple[str, pa.Table]]:
    measurer = _Measurer(path, measuring, kept)
    for group in range(groups):
        yield measurer.group(group)


def _side_by_side(
    path: Path, measuring: Measuring, kept: Path | None, groups: int, workers: int
) -> Iterator[tuple[str, pa.Table]]:
    # Fresh processes: forking a process with threads may lock up, and rewards start children of their own.
    pool = ProcessPoolExecutor(
        workers, multiprocessing.get_context("spawn"), _begin, (path, plain(measuring), kept, os.getpid())
    )
    waiting: deque[Future[tuple[str, pa.Table]]] = deque()
    taken = 0
    try:
        for group in range(groups):
            waiting.append(pool.submit(_measure, group))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
                taken += 1
        while waiting:
            yield waiting.popleft().result()
            taken += 1
    except BrokenProcessPool as error:
        raise RlvrError(
            f"A process that measured rows of {path} was ended from outside, at or after row group {taken} of "
            f"{groups}, most likely for want of memory. What was measured is kept: run the "
            f"same again, with fewer processes if it ends again."
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


class _Measurer:
    """Measures row groups of one file."""

    def __init__(self, path: Path, measuring: Measuring, kept: Path | None) -> None:
        self._path, self._kept = path, kept
        self._file = pq.ParquetFile(path, pre_buffer=False)
        self._salt = measuring.key() if kept is not None else ""
        tasks = {task.name: task for task in measuring.tasks}
        limits = {limit.task: limit for limit in measuring.limits}
        count = counted_by(Path(measuring.tokenizer) if measuring.tokenizer else None)
        self._tasks = tasks
        self._measure: Measure = lambda row, pictures: row_facts(row, pictures, tasks, limits, count)

    def group(self, number: int) -> tuple[str, pa.Table]:
        """Key and facts of one row group."""
        key = self._key(number) if self._kept is not None else ""
        if self._kept is not None and (known := kept_facts.kept(self._kept, key)) is not None:
            return key, known
        lines = []
        for batch in self._file.iter_batches(batch_size=BATCH_ROWS, row_groups=[number], use_threads=False):
            lines += measured(batch.to_pylist(), self._tasks, self._measure, str(self._path.parent))
        table = pa.Table.from_pylist(lines, schema=SCHEMA)
        if self._kept is not None:
            kept_facts.keep(self._kept, key, table)
        return key, table

    def _key(self, number: int) -> str:
        """Digest of the row group's bytes in the file and of what its facts depend on besides."""
        group = self._file.metadata.row_group(number)
        columns = [group.column(index) for index in range(group.num_columns)]
        starts = [min(filter(None, (one.dictionary_page_offset, one.data_page_offset))) for one in columns]
        end = max(start + one.total_compressed_size for start, one in zip(starts, columns, strict=True))
        whole = hashlib.sha256(f"{self._salt} {group.num_rows}".encode())
        with self._path.open("rb") as file:
            file.seek(min(starts))
            left = end - min(starts)
            while left and (part := file.read(min(left, 1 << 20))):
                whole.update(part)
                left -= len(part)
        return whole.hexdigest()


_measurer: _Measurer | None = None


def _begin(path: Path, measuring: Any, kept: Path | None, parent: int) -> None:
    """Set up a worker process."""
    global _measurer
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    _measurer = _Measurer(path, load(Measuring, measuring), kept)


def _end_with(parent: int) -> None:
    """End this process soon after its parent, however that ended."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


def _measure(group: int) -> tuple[str, pa.Table]:
    assert _measurer is not None
    return _measurer.group(group)
