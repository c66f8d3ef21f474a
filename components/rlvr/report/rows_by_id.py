"""A few rows of a data set by their ids; row groups that hold none of them are not decoded."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from rlvr.data.rows import FILE, Row
from rlvr.errors import RlvrError


def rows_by_id(folder: Path, wanted: set[str]) -> list[Row]:
    """The rows whose `row_id` is among `wanted`, in the order of the file."""
    path = folder / FILE
    if not path.is_file():
        raise RlvrError(f"{folder} holds no {FILE}; it is not a data set made by the ingest stage.")
    found: list[Row] = []
    values = pa.array(sorted(wanted), pa.string())
    with pq.ParquetFile(path, pre_buffer=False) as file:
        for group in range(file.num_row_groups):
            marks = pc.is_in(file.read_row_group(group, columns=["row_id"])["row_id"], value_set=values)
            if pc.any(marks).as_py():
                found += file.read_row_group(group).filter(marks).to_pylist()
    return found
