"""Rows of parquet files whose videos lie beside them, named by a column.

folder/videomme/test-00000-of-00001.parquet   {"videoID": "fFjv93ACGo8", ...}
folder/data/fFjv93ACGo8.mp4
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from rlvr.data.source import RawRow
from rlvr.errors import RlvrError


def joined(folder: Path, pattern: str, column: str, places: tuple[str, ...]) -> Iterator[RawRow]:
    """The rows of the files under `folder` that match `pattern`; `video` is the path of `<column>.mp4`.

    A video is in the first of the subfolders `places` that holds it, or in the folder itself.
    """
    files = sorted(folder.glob(pattern))
    if not files:
        raise RlvrError(f"{str(folder)!r} holds no {pattern}; put the data set's files there.")
    for file in files:
        try:
            rows = pq.read_table(file).to_pylist()
        except (pa.ArrowException, OSError) as error:
            raise RlvrError(f"{str(file)!r} cannot be read as parquet ({error}); fetch it again.") from error
        for row in rows:
            if column not in row:
                raise RlvrError(f"{str(file)!r} has no column {column!r}; it is another data set's.")
            name = f"{row[column]}.mp4"
            place = next((f"{place}/" for place in places if (folder / place / name).is_file()), "")
            yield {**row, "video": f"{place}{name}"}
