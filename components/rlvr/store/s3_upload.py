"""Sending files to a bucket: many requests at once, large files in parts.

An object appears only when it is whole. The parts of a large file that an earlier upload left in the bucket are not
sent again if they hold the same bytes; uploads that nobody has gone on with for a week are thrown away.
"""

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rlvr.store.disk import disk_errors
from rlvr.store.keys import artifact_key
from rlvr.store.s3_bucket import Bucket
from rlvr.store.s3_digests import PartDigests
from rlvr.store.s3_multipart import Multipart, open_multipart, unfinished
from rlvr.store.s3_signing import Digested
from rlvr.store.tree import FileEntry, Manifest, Snapshot, changed_meanwhile

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


class Upload:
    """The files of one folder on their way into a bucket."""

    def __init__(
        self,
        bucket: Bucket,
        folder: Path,
        seen: Snapshot,
        manifest: Manifest,
        parts: PartDigests,
        advance: Callable[[int], None],
    ) -> None:
        self.bucket, self.folder, self.seen, self.manifest, self.parts = bucket, folder, seen, manifest, parts
        self.advance = advance
        self._memory = threading.local()

    def send(self, paths: list[str]) -> None:
        """Upload these files of the folder; `RlvrError` when one cannot be sent, or changes meanwhile."""
        with ThreadPoolExecutor(self.bucket.limits.connections, "upload") as pool:
            jobs: list[Future[None]] = []
            try:
                jobs += [pool.submit(job) for job in self._jobs(paths)]
                done = wait(jobs, return_when=FIRST_EXCEPTION).done
            finally:
                for job in jobs:
                    job.cancel()
            for job in done:
                job.result()

    def _jobs(self, paths: list[str]) -> Iterator[Callable[[], None]]:
        files = {path: self.manifest.files[path] for path in paths}
        large = [path for path, entry in files.items() if entry.size > self.bucket.limits.part_bytes]
        left = unfinished(self.bucket, artifact_key(self.manifest.digest)) if large else {}
        for path in large:  # first, for they take longest
            key = self._key(path)
            multipart = open_multipart(self.bucket, key, files[path].size, left.get(key))
            for number in range(1, multipart.count + 1):
                yield partial(self._part, path, number, multipart)
        for path in files.keys() - set(large):
            yield partial(self._whole, path, files[path])

    def _whole(self, path: str, entry: FileEntry) -> None:
        data = self._read(path, 0, entry.size)
        data.sha256 = hashlib.sha256(data).hexdigest()
        if data.sha256 != entry.sha256:
            raise changed_meanwhile(self.folder, [path])

        def request(client: "S3Client") -> None:
            body: Any = data
            client.put_object(Bucket=self.bucket.name, Key=self.bucket.key(self._key(path)), Body=body)

        self.bucket.ask(request)
        self.advance(len(data))

    def _part(self, path: str, number: int, multipart: Multipart) -> None:
        data = self._read(path, (number - 1) * multipart.part_bytes, multipart.length(number))
        data.sha256 = self.parts[path][number - 1]
        is_whole = multipart.send(number, data)
        self.advance(len(data))
        if is_whole:
            self._read(path, 0, 0)  # nothing may have changed since the digest was computed
            multipart.complete()

    def _read(self, path: str, start: int, length: int) -> Digested:
        """Bytes of a file that is what it was in the snapshot; they are good until this thread reads again."""
        data = self._buffer(length)
        with disk_errors(f"The folder {self.folder} cannot be read"), (self.folder / path).open("rb") as file:
            count = os.preadv(file.fileno(), [data], start)
            status = os.fstat(file.fileno())
        if count != length or (status.st_size, status.st_mtime_ns) != self.seen[path]:
            raise changed_meanwhile(self.folder, [path])
        return data

    def _buffer(self, length: int) -> Digested:
        """Memory for `length` bytes, the same that this thread used for its last part: fresh memory costs time."""
        data: Digested = getattr(self._memory, "buffer", Digested())
        if len(data) != length:
            data = self._memory.buffer = Digested(length)
        return data

    def _key(self, path: str) -> str:
        return f"{artifact_key(self.manifest.digest)}/{path}"
