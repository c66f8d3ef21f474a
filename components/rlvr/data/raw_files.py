"""Reading a folder of parquet, JSON Lines, JSON or CSV files row by row, in sorted file order.

A folder that the `datasets` library wrote (`save_to_disk`) is read as well, and a folder in the publisher's own layout
where the source knows how (`Source.read`).

Pictures leave this module as encoded bytes in the `{"bytes", "path"}` form that the `datasets` library stores; a path
in a file is looked up beside that file and may not lead out of the data set's folder.
"""

import csv
import difflib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from rlvr.data.json_rows import json_items, json_lines
from rlvr.data.raw_digests import PICTURE_SUFFIXES, RawFiles
from rlvr.data.source import RawRow, Source
from rlvr.errors import RlvrError
from rlvr.links import refuse_link_out

BATCH_ROWS = 32
"""Rows held at a time: rows with pictures are up to a megabyte each."""

BOMB_BYTES, BOMB_RATIO = 16 * 2**20, 300
"""Unpacked size from which a parquet column is looked at, and times its packed size above which it is not read."""


def rows_in(folder: Path, source: Source, seen: RawFiles | None = None) -> Iterator[RawRow]:
    """Rows of every file under `folder` that matches `source.files`, or those that `source.read` finds.

    `seen` hears of every file that is read; of a source that reads by itself, of all files that match.
    """
    seen = seen or RawFiles()
    if source.read is not None:
        _check_folder(folder, source)
        for path in sorted(path for path in folder.glob(source.files) if path.is_file()):
            seen.add(path, folder)
        for row in source.read(folder):
            yield {name: _with_picture(value, name, folder / "*", folder, source, seen) for name, value in row.items()}
        return
    for file in saved_files(folder, source) or matching_files(folder, source):
        seen.add(file, folder)
        read = _READERS[file.suffix]
        for row in read(file, source):
            named = renamed(row, source)
            yield {name: _with_picture(value, name, file, folder, source, seen) for name, value in named.items()}


def renamed(row: RawRow, source: Source) -> RawRow:
    """The row with its columns under upstream's names too, as `source.rename` says."""
    return row | {name: row[theirs] for name, theirs in source.rename.items() if theirs in row}


def matching_files(folder: Path, source: Source) -> list[Path]:
    """Readable files under `folder` that match `source.files`, sorted; at least one."""
    _check_folder(folder, source)
    found = sorted(path for path in folder.glob(source.files) if path.is_file() and path.suffix in _READERS)
    if not found:
        there = sorted(path.relative_to(folder).as_posix() for path in folder.glob("**/*") if path.is_file())
        listing = f"It holds {len(there)} other files, such as {', '.join(there[:3])}." if there else "It is empty."
        raise RlvrError(
            f"Source {source.name}: no {', '.join(_READERS)} file in {str(folder)!r} matches {source.files!r}. "
            f"{listing} Say which files to read with --files GLOB, or change the location."
        )
    return found


def saved_files(folder: Path, source: Source) -> list[Path]:
    """Files of a folder that the `datasets` library wrote, in its order; empty for any other folder.

    Of several splits the one is taken that `source.files` names (`data/train-*.parquet`: train).
    """
    if (listing := folder / "dataset_dict.json").is_file():
        splits = [str(split) for split in _listed(listing, "splits", source)]
        named = PurePosixPath(source.files).name.partition("-")[0]
        if named not in splits and len(splits) != 1:
            raise RlvrError(
                f"Source {source.name}: {str(folder)!r} holds the splits {', '.join(splits)}; set the location to the "
                f"folder of one of them."
            )
        folder = folder / PurePosixPath(named if named in splits else splits[0]).name
    if not (state := folder / "state.json").is_file():
        return []
    entries = _listed(state, "_data_files", source)
    if not all(isinstance(entry, dict) and isinstance(entry.get("filename"), str) for entry in entries):
        raise RlvrError(f"Source {source.name}: {state} does not name its files; mend or remove it.")
    files = [folder / PurePosixPath(entry["filename"]).name for entry in entries]
    if absent := [file.name for file in files if file.suffix not in _READERS or not file.is_file()]:
        raise RlvrError(f"Source {source.name}: {state} names {absent[0]!r}, which is no data file of its folder.")
    return files


def _check_folder(folder: Path, source: Source) -> None:
    if not folder.is_dir():
        raise RlvrError(
            f"Source {source.name}: there is no folder {str(folder)!r}; put the data set's files there or set the "
            f"location to `hub:ID@<40-hex commit>`, `s3://bucket/prefix` or `synthetic`."
        )


def _arrow_rows(file: Path, source: Source) -> Iterator[RawRow]:
    try:
        with pa.memory_map(str(file)) as mapped, pa.ipc.open_stream(mapped) as stream:
            _check_columns(stream.schema.names, str(file), source)
            for batch in stream:
                for start in range(0, batch.num_rows, BATCH_ROWS):
                    yield from batch.slice(start, BATCH_ROWS).to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise RlvrError(
            f"Source {source.name}: {str(file)!r} cannot be read as an arrow stream ({_first_line(error)}); it is "
            f"damaged or only partly copied, so save the data set again."
        ) from error


def _parquet_rows(file: Path, source: Source) -> Iterator[RawRow]:
    try:
        # Buffering ahead keeps every row group that was read until the file is closed.
        with pq.ParquetFile(file, pre_buffer=False) as opened:
            _check_columns(opened.schema_arrow.names, str(file), source)
            _refuse_bomb(opened.metadata, file, source)
            for batch in opened.iter_batches(batch_size=BATCH_ROWS):
                yield from batch.to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise RlvrError(
            f"Source {source.name}: {str(file)!r} cannot be read as parquet ({_first_line(error)}); it is damaged or "
            f"only partly downloaded, so fetch it again."
        ) from error


def _refuse_bomb(metadata: Any, file: Path, source: Source) -> None:
    """`RlvrError` for a parquet file with a column that unpacks to far more than data ever does."""
    for group in range(metadata.num_row_groups):
        for number in range(metadata.num_columns):
            part = metadata.row_group(group).column(number)
            packed, unpacked = part.total_compressed_size, part.total_uncompressed_size
            if unpacked >= BOMB_BYTES and unpacked > BOMB_RATIO * max(1, packed):
                raise RlvrError(
                    f"Source {source.name}: column {part.path_in_schema} of {file} has {packed:,} bytes that unpack to "
                    f"{unpacked:,}; no data packs so well, and reading it could fill the memory. Remove the file, or "
                    f"write it again with another compression if you know what it holds."
                )


def _jsonl_rows(file: Path, source: Source) -> Iterator[RawRow]:
    try:
        for number, value in json_lines(file):
            yield _json_row(value, f"{file}, line {number}", source)
    except ValueError as error:
        raise _not_json(f"{file}, {error}", source) from error


def _json_rows(file: Path, source: Source) -> Iterator[RawRow]:
    try:
        for number, value in json_items(file):
            yield _json_row(value, f"{file}, item {number}", source)
    except ValueError as error:
        raise _not_json(f"{file}, {error}", source) from error


def _not_json(what: str, source: Source) -> RlvrError:
    return RlvrError(
        f"Source {source.name}: {what}; rows go one object each, in a list (.json) or one a line (.jsonl). Mend the "
        f"file or remove it."
    )


def _csv_rows(file: Path, source: Source) -> Iterator[RawRow]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines, strict=True)
        try:
            _check_columns(reader.fieldnames or [], str(file), source)
            for row in reader:
                if None in row or None in row.values():
                    raise RlvrError(
                        f"Source {source.name}: {file}, line {reader.line_num} has another number of fields than the "
                        f"head line; put texts with commas or line breaks between double quotes."
                    )
                yield row
        except (csv.Error, UnicodeDecodeError) as error:
            raise RlvrError(
                f"Source {source.name}: {file} cannot be read as CSV after line {reader.line_num} ({error}); write it "
                f"in UTF-8 with commas between the fields."
            ) from error


_READERS: dict[str, Callable[[Path, Source], Iterator[RawRow]]] = {
    ".csv": _csv_rows,
    ".parquet": _parquet_rows,
    ".arrow": _arrow_rows,
    ".jsonl": _jsonl_rows,
    ".json": _json_rows,
}


def _listed(file: Path, key: str, source: Source) -> list[Any]:
    """The list under `key` of a JSON file that the `datasets` library wrote."""
    try:
        return list(json.loads(file.read_bytes())[key])
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise RlvrError(
            f"Source {source.name}: {file} holds no list {key!r} ({type(error).__name__}: {error}); it is not what the "
            f"datasets library writes. Mend or remove it."
        ) from error


def _json_row(value: Any, place: str, source: Source) -> RawRow:
    if not isinstance(value, dict):
        raise RlvrError(f"Source {source.name}: {place} is not a JSON object; write one object a row.")
    _check_columns(list(value), place, source)
    return value


def _check_columns(there: Sequence[str], place: str, source: Source) -> None:
    for wanted in source.columns:
        name = source.rename.get(wanted, wanted)
        if name not in there:
            near = difflib.get_close_matches(name, there, n=1, cutoff=0.4)
            hint = f" The nearest name is {near[0]!r}." if near else ""
            raise RlvrError(
                f"Source {source.name}: column {name!r} is missing from {place}, which has "
                f"{', '.join(there) or 'no columns'}.{hint} Say which column holds it with --columns {wanted}=NAME, "
                f"or pin the revision whose columns the source describes."
            )


def _with_picture(value: Any, column: str, file: Path, folder: Path, source: Source, seen: RawFiles) -> Any:
    """`value` with picture paths replaced by their bytes."""
    if isinstance(value, list):
        return [_with_picture(item, column, file, folder, source, seen) for item in value]
    if isinstance(value, dict) and set(value) == {"bytes", "path"}:
        if value["bytes"] is not None or not isinstance(value["path"], str):
            return value
        return _picture_at(value["path"], column, file, folder, source, seen)
    # Of plain texts only those in needed columns are followed: others may be the publisher's own bookkeeping.
    if isinstance(value, str) and _is_picture_path(value) and (not source.columns or column in source.columns):
        return _picture_at(value, column, file, folder, source, seen)
    return value


def _is_picture_path(text: str) -> bool:
    return len(text) < 1024 and "\n" not in text and PurePosixPath(text.lower()).suffix in PICTURE_SUFFIXES


def _picture_at(path: str, column: str, file: Path, folder: Path, source: Source, seen: RawFiles) -> dict[str, Any]:
    target = Path(os.path.normpath(file.parent / path))
    if os.path.isabs(path) or not target.is_relative_to(os.path.normpath(folder)):
        raise RlvrError(
            f"Source {source.name}: column {column!r} of {str(file)!r} points to {path!r}, outside the data set's "
            f"folder; such a path is not followed. Write paths relative to the file, inside the folder."
        )
    try:
        refuse_link_out(target, folder)
        content = target.read_bytes()
    except (OSError, ValueError) as error:  # a ValueError for a path with a NUL character
        reason = error.strerror if isinstance(error, OSError) else error
        raise RlvrError(
            f"Source {source.name}: column {column!r} of {str(file)!r} names the picture {path!r}, which cannot be "
            f"read beside the file ({reason}); put the pictures there and let the source's `files` match them."
        ) from error
    seen.add_picture(target, folder, content)
    return {"bytes": content, "path": path}


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
