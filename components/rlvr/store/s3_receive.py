"""Bringing an artifact from a bucket to the disk, or only reading it through, with every byte held to its manifest."""

import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from rlvr.store.keys import artifact_key
from rlvr.store.s3_bucket import Bucket
from rlvr.store.s3_download import Piece, fetched, pieces
from rlvr.store.tree import FileEntry, Manifest, damaged, sha256_of

BLOCK_BYTES = 1 << 20
Advance = Callable[[int], None]
"""Told the number of bytes that have just been dealt with."""


def receive(bucket: Bucket, manifest: Manifest, target: Path | None, advance: Advance) -> None:
    """Fetch the files of an artifact into the folder `target` (None: nowhere) and check their SHA-256 on the way.

    What an earlier call left in `target` is checked and gone on from. A file with the wrong digest is fetched once
    more, for it may have been spoilt on its way; if it is wrong again, it is removed and the artifact is damaged.
    """
    files = dict(manifest.files)
    if target is not None:
        for path, entry in manifest.files.items():
            if _is_there(target / path, entry):
                advance(files.pop(path).size)
        advance(sum(_begun(target, path) for path in files))
        _refuse_full_disk(target, files)
    spoilt = _fetch(bucket, manifest.digest, files, target, advance)
    if spoilt:
        spoilt = _fetch(bucket, manifest.digest, {path: files[path] for path in spoilt}, target, lambda _: None)
    if spoilt:
        what = f"the bytes of the file {spoilt[0]!r} do not have the recorded SHA-256"
        raise damaged(manifest.digest, bucket.url, what)


def _fetch(
    bucket: Bucket, digest: str, files: dict[str, FileEntry], target: Path | None, advance: Advance
) -> list[str]:
    """Fetch `files` whose beginnings may lie in `target`; the paths whose SHA-256 was wrong, which are removed."""
    folder = f"{artifact_key(digest)}/"
    spoilt: list[str] = []
    incoming: _Incoming | None = None

    def wanted() -> Iterator[Piece]:
        for path, entry in files.items():
            yield from pieces(folder + path, entry.size, _begun(target, path), bucket.limits)

    def begin(piece: Piece, writer: ThreadPoolExecutor | None) -> _Incoming:
        return _Incoming(None if target is None else target / piece.key.removeprefix(folder), writer)

    def end(piece: Piece, file: _Incoming) -> None:
        path = piece.key.removeprefix(folder)
        if file.finish() != files[path].sha256:
            file.remove()
            spoilt.append(path)

    def small_file(piece: Piece, data: memoryview) -> None:
        file = begin(piece, None)
        try:
            file.add(data)
        finally:
            end(piece, file)

    with (
        ThreadPoolExecutor(1, "write") as writer,
        closing(fetched(bucket, wanted(), small_file)) as arriving,
    ):
        try:
            for piece, data in arriving:
                if not piece.is_whole:
                    incoming = incoming or begin(piece, writer)
                    incoming.add(data)
                    if piece.is_last:
                        end(piece, incoming)
                        incoming = None
                advance(piece.length)
        finally:
            if incoming is not None:
                incoming.finish()
    return sorted(spoilt)


class _Incoming:
    """A file that arrives from one end to the other, after what is there of it; written by `writer` while it is hashed.

    Without a path it goes nowhere.
    """

    def __init__(self, path: Path | None, writer: ThreadPoolExecutor | None) -> None:
        self.path, self.writer, self.sha256, self.file = path, writer, hashlib.sha256(), None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.file = path.open("ab+", buffering=0)
            self.file.seek(0)
            while block := self.file.read(BLOCK_BYTES):
                self.sha256.update(block)

    def add(self, data: memoryview) -> None:
        writing = self.writer.submit(self._write, data) if self.writer is not None else None
        self.sha256.update(data)
        if writing is not None:
            writing.result()
        else:
            self._write(data)

    def _write(self, data: memoryview) -> None:
        while self.file is not None and data:  # a disk that is nearly full takes a part only
            data = data[self.file.write(data) :]

    def finish(self) -> str:
        if self.file is not None:
            self.file.close()
        return self.sha256.hexdigest()

    def remove(self) -> None:
        if self.path is not None:
            self.path.unlink()


def _begun(target: Path | None, path: str) -> int:
    """Bytes of a file that are there already."""
    try:
        return (target / path).stat().st_size if target is not None else 0
    except FileNotFoundError:
        return 0


def _is_there(path: Path, entry: FileEntry) -> bool:
    """Whether an earlier call brought the whole file; what cannot be its beginning is removed."""
    size = _begun(path.parent, path.name)
    if size < entry.size or not path.exists():
        return False
    if size == entry.size and sha256_of(path) == entry.sha256:
        return True
    path.unlink()
    return False


def _refuse_full_disk(target: Path, files: dict[str, FileEntry]) -> None:
    """Say at once that the files do not fit, rather than after hours."""
    missing = sum(entry.size - _begun(target, path) for path, entry in files.items())
    place = next(folder for folder in (target, *target.parents) if folder.exists())
    if missing > shutil.disk_usage(place).free:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))
