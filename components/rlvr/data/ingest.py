"""Ingest: the rows of every source, in the canonical schema, as one data set folder.

`rows.parquet` holds the rows of all tasks in order; `sources.json` says where each task's rows came from, under which
licence, how many there were, and which files were read (with their digests, beside those that the Hub states at the
pinned commit), for the verify gate, the report and provenance. Same sources and seed, same bytes.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pyarrow as pa

from rlvr.canonical import load
from rlvr.data import rows
from rlvr.data.coco_ids import with_ids
from rlvr.data.load import hub_place, raw_rows
from rlvr.data.raw_digests import RawFiles
from rlvr.data.source import RawRow, Source
from rlvr.errors import RlvrError
from rlvr.hub import stated_digests

SOURCES_FILE = "sources.json"
"""Name of the list of sources in a data set artifact."""


def ingest(*, sources: list[dict[str, Any]], seed: int, out: Path) -> None:
    """Write the rows of `sources` (`[{"task": name, "source": plain(Source)}, ...]`) into the folder `out`."""
    if not sources:
        raise RlvrError("Ingest was given no source; name at least one task with its source.")
    pairs = [(str(entry["task"]), load(Source, entry["source"])) for entry in sources]
    counts: Counter[int] = Counter()
    skipped: Counter[int] = Counter()
    seen = [RawFiles() for _ in pairs]

    def every_row() -> Iterator[rows.Row]:
        for index, (task, source) in enumerate(pairs):
            for row in _rows(task, source, source_seed(seed, source.name), seen[index]):
                if row is None:
                    skipped[index] += 1
                    continue
                counts[index] += 1
                yield row

    try:
        rows.write(every_row(), out)
    except BaseException:
        # A file that ends early must not be taken for the data set.
        (out / rows.FILE).unlink(missing_ok=True)
        raise
    listing = [
        _described(task, source, counts[index], skipped[index], seen[index])
        for index, (task, source) in enumerate(pairs)
    ]
    (out / SOURCES_FILE).write_text(json.dumps(listing, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def source_seed(seed: int, name: str) -> int:
    """Seed of one source: differs between sources, and is the same wherever the source stands in the list."""
    return int.from_bytes(hashlib.sha256(f"{seed}:{name}".encode()).digest()[:4], "big")


def _rows(task: str, source: Source, seed: int, seen: RawFiles) -> Iterator[rows.Row | None]:
    """The rows of one source; None for each that the publication leaves out."""
    for number, raw in enumerate(raw_rows(source, seed, seen), start=1):
        if source.skip is not None and source.skip(raw):
            yield None
            continue
        row = converted(raw, task, source, f"Source {source.name}, row {number}")
        row["row_id"] = rows.row_id(row)
        yield row


def converted(raw: RawRow, task: str, source: Source, place: str) -> rows.Row:
    """An upstream row as ours, without its `row_id`; `place` is what an error calls it."""
    try:
        fields = source.convert(raw)
    except RlvrError as error:
        raise RlvrError(f"{place}: {error}") from error
    except KeyError as error:
        raise RlvrError(
            f"{place}: the conversion needs field {error.args[0]!r}, which is not among {', '.join(raw)}; list it in "
            f"the source's `columns` or mend the file."
        ) from error
    except Exception as error:
        shown = ", ".join(f"{name}={_short(value)}" for name, value in raw.items())
        raise RlvrError(
            f"{place} cannot be converted ({type(error).__name__}: {error}); the fields are {shown}. Mend the row or "
            f"the source's `convert`."
        ) from error
    whole = {**fields, "source": source.name, "task": task, "images": _pictures(fields.get("images"), place)}
    whole["video"] = _encoded(fields.get("video"))
    if source.location != "synthetic":
        whole["extra"] = with_ids(fields.get("extra"), fields.get("images") or ())
    _check_fields(whole, place)
    return cast(rows.Row, whole)


def _pictures(value: Any, place: str) -> list[bytes]:
    if not isinstance(value or [], (list, tuple)):
        raise RlvrError(f"{place}: field 'images' is {_short(value)}; expected a list of pictures, which may be empty.")
    pictures = [_encoded(item) for item in value or []]
    for index, picture in enumerate(pictures):
        if not isinstance(picture, bytes):
            raise RlvrError(
                f"{place}: field 'images' has {_short(picture)} as picture {index + 1}; expected encoded bytes. "
                f"Embed the picture, or put its file beside the data file and write the relative path."
            )
    return pictures


def _encoded(value: Any) -> Any:
    return value["bytes"] if isinstance(value, dict) and "bytes" in value else value


def _check_fields(row: dict[str, Any], place: str) -> None:
    if unknown := sorted(set(row) - set(rows.SCHEMA.names)):
        raise RlvrError(
            f"{place}: the conversion gives field {unknown[0]!r}, which rows do not have; further columns go into "
            f"'extra' as a JSON object."
        )
    for field in rows.SCHEMA:
        value = row.get(field.name)
        if field.name == "video" and value is not None and not isinstance(value, bytes):
            raise RlvrError(
                f"{place}: field 'video' is {_short(value)}; expected encoded bytes. Embed the video, or put its file "
                f"beside the data file and write the relative path."
            )
        if field.name in ("row_id", "images") or (value is None and field.nullable):
            continue
        try:
            pa.scalar(value, type=field.type)
        except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
            raise RlvrError(
                f"{place}: field {field.name!r} is {_short(value)}; expected {field.type}. Mend the source's `convert`."
            ) from error
        if value is None:
            raise RlvrError(f"{place}: field {field.name!r} is missing; every row needs it.")


def _short(value: Any) -> str:
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_short(item)}" for key, item in value.items()) + "}"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _described(task: str, source: Source, count: int, skipped: int, seen: RawFiles) -> dict[str, Any]:
    published, not_compared = None, None
    if source.location.startswith("hub"):
        hub_id, revision = hub_place(source)
        source = replace(source, hub_id=hub_id, revision=revision)
        try:
            published = stated_digests(hub_id, revision)
        except RlvrError as error:  # the files themselves did arrive, from the client's cache or a mirror
            not_compared = str(error)
    kept = ("name", "title", "location", "hub_id", "revision", "licence", "published_rows", "limit")
    return {
        "task": task,
        "rows": count,
        "skipped": skipped,
        **{name: getattr(source, name) for name in kept},
        **seen.listing(published),
        "not_compared": not_compared,
    }
