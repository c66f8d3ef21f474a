"""Data sets of JSON files whose pictures lie elsewhere: in another folder, or in zip archives that nobody unpacked.

    folder/train_jsons/A3-counting.json   [{"image": "clevr/7.png", ...}, ...]
    folder/train_images.zip               train_images/clevr/7.png, ...

A picture's path in the file need not be its path here (publishers leave paths of their own machines in): of all files
and archive members, the one is taken whose path ends in the most names of the written path. Use it as a source's
`read`; rows then hold pictures in the `{"bytes", "path"}` form.
"""

import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from rlvr.data.json_rows import json_items, json_lines
from rlvr.data.source import RawRow
from rlvr.errors import RlvrError
from rlvr.links import refuse_link_out

SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".webp"})
"""Endings of pictures; other files and members are not listed."""

MAX_PICTURE_BYTES = 256 * 2**20
"""Longest file that is unpacked from an archive."""


def rows_of(folder: Path, patterns: Sequence[str], column: str = "image") -> Iterator[RawRow]:
    """Rows of the `.json` and `.jsonl` files under `folder` that match any of the globs, in the order of the globs.

    `column` holds the path of a picture, a list of paths, or nothing.
    """
    pictures = Pictures(folder)
    for pattern in patterns:
        files = sorted(path for path in folder.glob(f"**/{pattern}") if path.suffix in (".json", ".jsonl"))
        if not files:
            raise RlvrError(
                f"{str(folder)!r} holds no JSON file that matches {pattern!r}; put the data set's own there."
            )
        for file in files:
            for row in _json(file):
                yield {**row, column: pictures.of(row.get(column))}


class Pictures:
    """The pictures of a folder and of the zip archives in it, by file name."""

    def __init__(self, folder: Path) -> None:
        """Lists what there is; archives are opened when first needed and stay open."""
        self._folder = folder
        self._places: dict[str, list[tuple[Path | None, str]]] = defaultdict(list)
        self._open: dict[Path, zipfile.ZipFile] = {}
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() in SUFFIXES:
                self._places[path.name].append((None, path.relative_to(folder).as_posix()))
            elif path.suffix.lower() == ".zip":
                for member in self._archive(path).namelist():
                    if PurePosixPath(member).suffix.lower() in SUFFIXES:
                        self._places[PurePosixPath(member).name].append((path, member))

    def of(self, value: Any) -> Any:
        """The pictures that a column's value names: one, a list, or None for an empty value."""
        if isinstance(value, list):
            return [self.read(path) for path in value]
        return self.read(value) if value else None

    def read(self, path: str) -> dict[str, Any]:
        """The picture whose place shares the most names at its end with `path`."""
        wanted = PurePosixPath(path.replace("\\", "/")).parts
        places = self._places.get(wanted[-1] if wanted else "", [])
        if not places:
            raise RlvrError(
                f"The picture {path!r} is neither in {str(self._folder)!r} nor in a zip archive there; put the data "
                f"set's pictures into that folder, packed or unpacked."
            )
        archive, name = max(places, key=lambda place: _shared(PurePosixPath(place[1]).parts, wanted))
        if archive is None:
            refuse_link_out(self._folder / name, self._folder)
            return {"bytes": (self._folder / name).read_bytes(), "path": path}
        return {"bytes": self._unpacked(archive, name), "path": path}

    def _unpacked(self, path: Path, name: str) -> bytes:
        """A member of an archive, whose size is what was unpacked and not what the archive says."""
        try:
            with self._archive(path).open(name) as member:
                content = member.read(MAX_PICTURE_BYTES + 1)
        # Encrypted members and those of unknown compression raise RuntimeError and its NotImplementedError.
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError) as error:
            raise RlvrError(
                f"{name!r} in {str(path)!r} cannot be unpacked ({error}); fetch the archive again."
            ) from error
        if len(content) > MAX_PICTURE_BYTES:
            raise RlvrError(
                f"{name!r} in {str(path)!r} unpacks to more than {MAX_PICTURE_BYTES // 2**20} MiB, which no picture "
                f"has; the archive is damaged or meant to fill memory. Remove it."
            )
        return content

    def _archive(self, path: Path) -> zipfile.ZipFile:
        if path not in self._open:
            try:
                refuse_link_out(path, self._folder)
                self._open[path] = zipfile.ZipFile(path)
            except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
                raise RlvrError(f"{str(path)!r} is no readable zip archive ({error}); fetch it again.") from error
        return self._open[path]


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    """How many names two paths have in common at their ends."""
    count = 0
    for mine, theirs in zip(reversed(one), reversed(other), strict=False):
        if mine != theirs:
            break
        count += 1
    return count


def _json(file: Path) -> Iterator[RawRow]:
    try:
        for number, value in json_lines(file) if file.suffix == ".jsonl" else json_items(file):
            if not isinstance(value, dict):
                raise RlvrError(f"{str(file)!r} must hold objects, one a row; number {number} is none.")
            yield value
    except ValueError as error:
        raise RlvrError(f"{str(file)!r}: {error}; mend or fetch it again.") from error
