"""COCO's ids of pictures: RefCOCO, LVIS, VSR and many more annotate COCO's photographs under the same ids.

An id tells a picture in whatever size, crop or file format it comes, also where pixels no longer do. It is read from
the name under which a picture was published, when the name says whose it is:

    COCO_train2014_000000581857_16.jpg    581857
    http://.../val2017/000000000139.jpg      139
    000000000139.jpg                        None

The ingest stage keeps the ids of a row's pictures in `extra`, as `"coco_ids": [581857]`, with null for pictures that
have none. Split and year do not matter: COCO numbers its pictures once for all.
"""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from rlvr.data import rows

KEY = "coco_ids"
"""Name of the field in `extra`."""

Ids = Sequence[int | None]
"""One id, or None, for each of a row's pictures."""

_NAME = re.compile(
    r"(?:COCO_(?:train|val|test)20\d\d_|(?:^|/)(?:train|val|test)20\d\d/|(?:^|/)coco/)(\d{12})(?:_\d{1,6})?\.[a-z]{3,4}$",
    re.IGNORECASE,
)


def coco_id(name: Any) -> int | None:
    """The id in a picture's file name, path or address; None where it names no picture of COCO."""
    found = _NAME.search(name[-200:].replace("\\", "/")) if isinstance(name, str) else None
    return int(found[1]) if found else None


def named(picture: Any, name: str | None) -> Any:
    """A raw row's picture, under the name by which another column of the row knows it, if one does."""
    if not name:
        return picture
    return {**picture, "path": name} if isinstance(picture, Mapping) else {"bytes": picture, "path": name}


def with_ids(extra: str | None, pictures: Sequence[Any]) -> str | None:
    """`extra` with the ids of raw pictures, where any has one."""
    ids = [coco_id(picture.get("path")) if isinstance(picture, Mapping) else None for picture in pictures]
    return json.dumps({**json.loads(extra or "{}"), KEY: ids}) if any(one is not None for one in ids) else extra


def kept_ids(folder: Path) -> dict[int, Ids]:
    """Position -> ids of every row of a data set artifact that has any; pictures are not read."""
    found: dict[int, Ids] = {}
    position = 0
    with pq.ParquetFile(folder / rows.FILE, pre_buffer=False) as file:
        for batch in file.iter_batches(batch_size=4096, columns=["extra"]):
            for extra in batch["extra"].to_pylist():
                if extra and KEY in extra and (ids := json.loads(extra).get(KEY)):
                    found[position] = ids
                position += 1
    return found
