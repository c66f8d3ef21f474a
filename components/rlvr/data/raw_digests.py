"""Which raw files a data set was made of: sizes and SHA-256, beside what the Hub states at the pinned commit.

    {"path": "data/train-00000.parquet", "bytes": 498103, "sha256": "9f...", "published": "sha256:9f...",
     "as_published": true}

The Hub states SHA-256 for large files and Git's SHA-1 for small ones (`rlvr.hub`); both are compared. Pictures that
lie beside the data files are told together: their number, their bytes and one digest over paths and digests.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rlvr.links import refuse_link_out

PICTURE_SUFFIXES = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".mp4", ".png", ".tif", ".tiff", ".webm", ".webp"})
"""Endings of pictures and videos."""

_CHUNK = 1 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class FileDigest:
    """One file as it was read."""

    size: int
    """Bytes."""
    sha256: str
    """SHA-256, hexadecimal."""
    git: str
    """SHA-1 of Git's blob, hexadecimal."""


class RawFiles:
    """Remembers the files of one source while they are read."""

    def __init__(self) -> None:
        """Nothing read yet."""
        self._data: dict[str, FileDigest] = {}
        self._pictures: dict[str, FileDigest] = {}

    def add(self, path: Path, folder: Path) -> None:
        """A file of `folder` that is about to be read; `RlvrError` for a link that leads out of it."""
        refuse_link_out(path, folder)
        name = _name(path, folder)
        kind = self._pictures if path.suffix.lower() in PICTURE_SUFFIXES else self._data
        if name not in kind:
            kind[name] = _digest(path.stat().st_size, _chunks(path))

    def add_picture(self, path: Path, folder: Path, content: bytes) -> None:
        """A picture of `folder` that was read."""
        name = _name(path, folder)
        if name not in self._pictures:
            self._pictures[name] = _digest(len(content), iter([content]))

    def listing(self, published: Mapping[str, str] | None = None) -> dict[str, Any]:
        """`files` and `pictures` for sources.json; `published` maps paths to `sha256:...` or `git:...`."""
        stated = published or {}
        files = [_told(name, found, stated.get(name)) for name, found in sorted(self._data.items())]
        whole, size, wrong = hashlib.sha256(), 0, []
        for name, found in sorted(self._pictures.items()):
            whole.update(f"{found.sha256}  {name}\n".encode(errors="surrogateescape"))
            size += found.size
            if (told := _told(name, found, stated.get(name)))["as_published"] is False:
                wrong.append(told)
        pictures = (
            {"files": len(self._pictures), "bytes": size, "sha256": whole.hexdigest()} if self._pictures else None
        )
        return {"files": [*files, *wrong], "pictures": pictures}


def _told(name: str, found: FileDigest, published: str | None) -> dict[str, Any]:
    same = None if published is None else published in (f"sha256:{found.sha256}", f"git:{found.git}")
    return {"path": name, "bytes": found.size, "sha256": found.sha256, "published": published, "as_published": same}


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name


def _digest(size: int, content: Iterator[bytes]) -> FileDigest:
    sha256, git = hashlib.sha256(), hashlib.sha1(f"blob {size}\0".encode(), usedforsecurity=False)
    for part in content:
        sha256.update(part)
        git.update(part)
    return FileDigest(size=size, sha256=sha256.hexdigest(), git=git.hexdigest())


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while part := file.read(_CHUNK):
            yield part
