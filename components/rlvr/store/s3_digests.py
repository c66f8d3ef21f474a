"""The manifest of a folder that is to be uploaded, and the digests of the parts in which its large files will be sent.

Every byte is read once. A file's own digest can only be computed from one end to the other; reading, and the digests of
the parts, go ahead of it in other threads.
"""

import hashlib
import os
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from rlvr import canonical
from rlvr.store.disk import disk_errors
from rlvr.store.limits import Limits
from rlvr.store.tree import HASHERS, FileEntry, Manifest, Snapshot, changed_meanwhile, describe, sha256_of

AHEAD = 3
"""Parts of a file that are read ahead."""
PartDigests = Mapping[str, tuple[str, ...]]
"""Path of a large file -> hexadecimal SHA-256 of each of its parts."""


def describe_in_parts(folder: Path, files: Snapshot, limits: Limits) -> tuple[Manifest, PartDigests]:
    """What `describe` tells of the `files` found in `folder`, and the digests of the parts of the large ones."""
    large = {path: size for path, (size, _) in files.items() if size > limits.part_bytes}
    if not large:
        return describe(folder, files), {}
    with disk_errors(f"The folder {folder} cannot be read"), ThreadPoolExecutor(HASHERS, "hash") as pool:
        small = [path for path in files if path not in large]
        digests = dict(zip(small, pool.map(lambda path: sha256_of(folder / path), small), strict=True))
        parts = {}
        for path, size in large.items():
            digests[path], parts[path] = _digests(folder, path, size, limits.part_bytes_of(size), pool)
    entries = {path: FileEntry(sha256=digests[path], size=size) for path, (size, _) in files.items()}
    return Manifest(digest=canonical.digest(entries), files=entries), parts


def _digests(
    folder: Path, path: str, size: int, part_bytes: int, pool: ThreadPoolExecutor
) -> tuple[str, tuple[str, ...]]:
    """Digest of a file and those of its parts."""
    whole, parts = hashlib.sha256(), []
    spare: list[bytearray] = []

    def read(start: int) -> tuple[bytearray, int, str]:
        try:
            buffer = spare.pop()
        except IndexError:
            buffer = bytearray(part_bytes)
        with (folder / path).open("rb") as file:
            length = os.preadv(file.fileno(), [buffer], start)
        if length != min(part_bytes, size - start):
            raise changed_meanwhile(folder, [path])
        return buffer, length, hashlib.sha256(memoryview(buffer)[:length]).hexdigest()

    def in_order() -> Iterator[tuple[bytearray, int, str]]:
        under_way: deque[Future[tuple[bytearray, int, str]]] = deque()
        for start in range(0, size, part_bytes):
            under_way.append(pool.submit(read, start))
            if len(under_way) > AHEAD:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()

    for buffer, length, digest in in_order():
        whole.update(memoryview(buffer)[:length])
        parts.append(digest)
        spare.append(buffer)
    return whole.hexdigest(), tuple(parts)
