"""Rows of a data set by their position, a row group at a time."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from rlvr.data.rows import FILE, Row


class RowsByPosition:
    """Random access to the rows of a data set folder; holds one row group, so neighbours cost nothing."""

    def __init__(self, folder: Path) -> None:
        """Opens the file; nothing is read yet."""
        self._file = pq.ParquetFile(folder / FILE, pre_buffer=False)
        metadata = self._file.metadata
        sizes = (metadata.row_group(number).num_rows for number in range(metadata.num_row_groups))
        self._starts = [0, *accumulate(sizes)]
        self._held: tuple[int, list[Any]] = (-1, [])

    def __getitem__(self, position: int) -> Row:
        """The row at that position, from 0."""
        if not 0 <= position < self._starts[-1]:
            raise IndexError(f"position {position} of {self._starts[-1]} rows")
        group = bisect_right(self._starts, position) - 1
        if self._held[0] != group:
            self._held = (group, self._file.read_row_group(group).to_pylist())
        row: Row = self._held[1][position - self._starts[group]]
        return row

    def these(self, positions: Iterable[int]) -> Iterator[tuple[int, Row]]:
        """Position and row of each of `positions`, best given in order."""
        for position in positions:
            yield position, self[position]
