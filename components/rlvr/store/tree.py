"""The manifest of a folder: every file with its size and SHA-256, and one digest for the whole.

    digest = sha256(canonical_json({"a/b.bin": {"sha256": "9f86...", "size": 4}, ...}))      paths in POSIX form, sorted

Two folders with the same files have the same digest, whatever their names, owners and dates. Symbolic links are
refused, because what they point to is not part of the folder; empty directories are ignored, because no object store
keeps them.
"""

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from rlvr import canonical
from rlvr.errors import RlvrError
from rlvr.store.disk import disk_errors
from rlvr.store.keys import checked_path

HASHERS = 4
"""Files read and hashed at once; hashing lets other threads run meanwhile."""
Snapshot = dict[str, tuple[int, int]]
"""Relative POSIX path -> (size in bytes, modification time in ns), sorted by path."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FileEntry:
    """One file of a manifest."""

    sha256: str
    """Hexadecimal SHA-256 of the bytes."""
    size: int
    """Number of bytes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """What an artifact holds. `canonical.dumps(manifest)` is its text and `canonical.load(Manifest, data)` reads it."""

    digest: str
    """Identity of the artifact: digest of `files`."""
    files: Mapping[str, FileEntry]
    """Relative POSIX path -> file, sorted by path."""

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(entry.size for entry in self.files.values())


def manifest_of(folder: Path) -> Manifest:
    """Read every file of `folder` and describe it; a folder without files is refused."""
    return describe(folder, snapshot(folder))


def snapshot(folder: Path) -> Snapshot:
    """Sizes and dates of the files in `folder`; links and special files are refused by name."""
    with disk_errors(f"The folder {folder} cannot be read"):
        return dict(sorted(_files(folder, "")))


def describe(folder: Path, files: Snapshot) -> Manifest:
    """The manifest of the `files` found in `folder`."""
    if not files:
        raise RlvrError(
            f"The folder {folder} holds no files, so there is nothing to publish; write the results there first."
        )
    with disk_errors(f"The folder {folder} cannot be read"), ThreadPoolExecutor(HASHERS, "hash") as pool:
        digests = pool.map(lambda path: sha256_of(folder / path), files)
        sizes = [size for size, _ in files.values()]
        entries = {
            path: FileEntry(sha256=sha256, size=size) for path, sha256, size in zip(files, digests, sizes, strict=True)
        }
    return Manifest(digest=canonical.digest(entries), files=entries)


def sha256_of(path: Path) -> str:
    """Hexadecimal SHA-256 of a file, read piece by piece."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def refuse_changes(folder: Path, before: Snapshot) -> None:
    """`RlvrError` when a file of `folder` changed since the snapshot: its digest would not describe what was copied."""
    after = snapshot(folder)
    changed = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
    if changed:
        raise changed_meanwhile(folder, changed)


def changed_meanwhile(folder: Path, paths: Sequence[str]) -> RlvrError:
    """The error for files that somebody wrote to while they were being published."""
    return RlvrError(
        f"The file {paths[0]!r} of {folder} changed while the folder was being published "
        f"({len(paths)} in all), so nothing was published; publish it when its writer has finished."
    )


def parse(text: str, digest: str, place: str) -> Manifest:
    """The manifest that `place` keeps for `digest`; `RlvrError` when the text does not belong to that digest."""
    try:
        data = json.loads(text)
        if not isinstance(data, dict):
            raise RlvrError("it is not a JSON object")
        manifest = canonical.load(Manifest, data)
        paths = [checked_path(path, "file name") for path in manifest.files]
        files = {path: manifest.files[path] for path in sorted(paths)}
        if not manifest.digest == digest == canonical.digest(files):
            raise RlvrError(f"its files have the digest {canonical.digest(files)}")
    except (ValueError, RecursionError, RlvrError) as error:
        raise RlvrError(
            f"The manifest of artifact {digest} in {place} is damaged ({str(error).rstrip('.')}); "
            "discard the artifact and publish it again by re-running the stage that made it."
        ) from error
    return Manifest(digest=digest, files=files)


def text_of(data: bytes, key: str, place: str) -> str:
    """The text of a stored document; `RlvrError` when its bytes are not UTF-8."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise RlvrError(
            f"{key!r} in {place} is damaged: byte {error.start} is not UTF-8 text. Remove it and write it again "
            "by re-running the stage that made it."
        ) from error


def damage(manifest: Manifest, sizes: Mapping[str, int]) -> str | None:
    """The first way in which the files found (path -> bytes) differ from the manifest; None when they agree."""
    for path in sorted(manifest.files.keys() | sizes.keys()):
        if path not in sizes:
            return f"the file {path!r} is missing"
        if path not in manifest.files:
            return f"the file {path!r} is not in its manifest"
        if sizes[path] != manifest.files[path].size:
            return f"the file {path!r} has {sizes[path]} bytes instead of {manifest.files[path].size}"
    return None


class DamagedError(RlvrError):
    """The files of an artifact are not those of its manifest."""


def damaged(digest: str, place: str, what: str) -> DamagedError:
    """The error for an artifact whose files are not those of its manifest."""
    return DamagedError(
        f"Artifact {digest} in {place} is damaged: {what}. "
        "Discard it and publish it again by re-running the stage that made it."
    )


def absent(digest: str, place: str) -> RlvrError:
    """The error for an artifact that a store does not have."""
    return RlvrError(
        f"There is no artifact {digest} in the store {place}. Check the store's URL, "
        "or publish the artifact again by re-running the stage that made it."
    )


def _files(folder: Path, prefix: str) -> Iterator[tuple[str, tuple[int, int]]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            path = checked_path(prefix + entry.name, "file name")
            status = entry.stat(follow_symlinks=False)
            if stat.S_ISDIR(status.st_mode):
                yield from _files(folder / entry.name, path + "/")
            elif stat.S_ISREG(status.st_mode):
                yield path, (status.st_size, status.st_mtime_ns)
            else:
                kind = "a symbolic link" if entry.is_symlink() else "neither a file nor a folder"
                raise RlvrError(
                    f"{folder / entry.name} is {kind}; an artifact holds regular files only, so copy it instead."
                )
