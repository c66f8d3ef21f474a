r"""The canonical row: what every stage after ingest reads, and what logs, quarantine and reports speak of by `row_id`.

Example: `{"row_id": "5d1f...", "images": [b"\x89PNG..."], "prompt": "How many items are there?", "answer": "5",
"answer_kind": "integer", "source": "clevr_cogent_a_train", "task": "counting", ...}`
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypedDict

import pyarrow as pa
import pyarrow.parquet as pq

from rlvr.data.picture_facts import pixels_digest, undecodable_digest
from rlvr.data.pixels import decoded
from rlvr.errors import RlvrError

SCHEMA = pa.schema(
    [
        pa.field("row_id", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("task", pa.string(), nullable=False),
        pa.field("images", pa.list_(pa.binary()), nullable=False),
        pa.field("video", pa.binary()),
        pa.field("prompt", pa.string(), nullable=False),
        pa.field("answer", pa.string(), nullable=False),
        pa.field("answer_kind", pa.string(), nullable=False),
        pa.field("options", pa.list_(pa.string())),
        pa.field("boxes_xyxy_px", pa.list_(pa.list_(pa.float64()))),
        pa.field("span_seconds", pa.list_(pa.float64())),
        pa.field("response", pa.string()),
        pa.field("extra", pa.string()),
    ]
)
"""Arrow schema. `response` is a reference response for supervised stages; `extra` is a JSON object of further columns
that a task's rewards read."""

FILE = "rows.parquet"
"""Name of the rows' file in a data set artifact."""

LEAST_ROWS, MOST_ROWS = 64, 512
"""Rows of a row group: readers hold one whole, and something of every one that there is."""
GROUP_BYTES = 4 * 2**20
"""Pictures and videos after which a row group is closed, unless it has few rows."""


class Row(TypedDict, total=False):
    """One canonical row; the keys of `SCHEMA`."""

    row_id: str
    source: str
    task: str
    images: list[bytes]
    video: bytes | None
    prompt: str
    answer: str
    answer_kind: str
    options: list[str] | None
    boxes_xyxy_px: list[list[float]] | None
    span_seconds: list[float] | None
    response: str | None
    extra: str | None


def pixel_digest(image: bytes) -> bytes:
    """SHA-256 of a picture's RGB pixels and size; the encoded bytes' where it cannot be decoded."""
    try:
        return pixels_digest(decoded(image))
    except Exception:  # Pillow raises nearly anything on damaged bytes; the verify gate names such rows
        return undecodable_digest(image)


def row_id(row: Row) -> str:
    """Identity of a row: `sha256(pixels || question || answer)[:16]`, stable under re-encoding and shuffling."""
    whole = hashlib.sha256()
    for image in row.get("images") or []:
        whole.update(pixel_digest(image))
    if video := row.get("video"):
        whole.update(hashlib.sha256(video).digest())
    for text in (row["prompt"], row["answer"]):
        encoded = text.encode()
        whole.update(len(encoded).to_bytes(8, "big") + encoded)
    return whole.hexdigest()[:16]


def write(rows: Iterable[Row], folder: Path, most_rows: int = MOST_ROWS) -> int:
    """Write rows to `folder/rows.parquet` in a stream and return how many there were. Same rows, same bytes.

    Without the smallest and largest value of every column and group: nobody asks, and readers would hold them all.
    """
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    with pq.ParquetWriter(folder / FILE, SCHEMA, compression="zstd", write_statistics=False) as writer:
        for group in _groups(rows, most_rows):
            writer.write_table(pa.Table.from_pylist(group, schema=SCHEMA))
            count += len(group)
    return count


def _groups(rows: Iterable[Row], most_rows: int) -> Iterator[list[Row]]:
    """The rows of each row group."""
    group: list[Row] = []
    size = 0
    for row in rows:
        group.append(row)
        size += sum(map(len, row.get("images") or [])) + len(row.get("video") or b"")
        if len(group) == most_rows or (len(group) >= LEAST_ROWS and size >= GROUP_BYTES):
            yield group
            group, size = [], 0
    if group:
        yield group


def read(folder: Path, tasks: Sequence[str] = ()) -> list[Row]:
    """All rows of a data set artifact, in order; only those of `tasks` when any are named."""
    return [row for row in stream(folder) if not tasks or row["task"] in tasks]


def stream(folder: Path, batch: int = LEAST_ROWS) -> Iterator[Row]:
    """The rows of a data set artifact one by one, with memory bounded by `batch` rows."""
    path = folder / FILE
    if not path.is_file():
        raise RlvrError(f"{folder} holds no {FILE}; it is not a data set made by the ingest stage.")
    with pq.ParquetFile(path, pre_buffer=False) as file:
        for part in file.iter_batches(batch_size=batch):
            yield from part.to_pylist()


def columns(rows: Sequence[Row]) -> dict[str, list[Any]]:
    """The keyword columns that rewards and scorers receive, `extra` unfolded; pictures and video are left out."""
    names = [name for name in SCHEMA.names if name not in ("images", "video", "extra", "response")]
    table: dict[str, list[Any]] = {name: [row.get(name) for row in rows] for name in names}
    extras = [json.loads(extra) if (extra := row.get("extra")) else {} for row in rows]
    for key in sorted({key for extra in extras for key in extra}):
        table[key] = [extra.get(key) for extra in extras]
    return table
