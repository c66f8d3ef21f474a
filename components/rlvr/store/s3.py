"""A store in an S3 bucket (AWS, MinIO, SeaweedFS, Ceph ...), with a local cache for what is read.

Endpoint, region and credentials come from the standard AWS settings (`AWS_ENDPOINT_URL`, `AWS_ACCESS_KEY_ID`,
`AWS_SECRET_ACCESS_KEY`, `AWS_PROFILE`, `AWS_REGION`, `AWS_MAX_ATTEMPTS`). The checksum that S3 reports for a multipart
upload is one of its parts, not of the content, so the SHA-256 of our own manifest is what every download is held to.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rlvr import canonical
from rlvr.errors import RlvrError
from rlvr.store.keys import ARTIFACTS, artifact_key, checked_key, checked_path, manifest_key
from rlvr.store.limits import Limits
from rlvr.store.local import LocalStore, refuse_other_text
from rlvr.store.meter import meter
from rlvr.store.s3_bucket import Bucket
from rlvr.store.s3_client import DEFAULT_LIMITS
from rlvr.store.s3_digests import describe_in_parts
from rlvr.store.s3_documents import Documents
from rlvr.store.s3_receive import receive
from rlvr.store.s3_upload import Upload
from rlvr.store.tree import Manifest, absent, damage, damaged, parse, refuse_changes, snapshot

WRITE_ATTEMPTS = 3


class S3Store:
    """Artifacts and documents under `s3://bucket/prefix`."""

    def __init__(self, *, bucket: str, prefix: str = "", limits: Limits = DEFAULT_LIMITS) -> None:
        self.url = f"s3://{bucket}/{prefix}".rstrip("/")
        start = f"{checked_path(prefix, 'prefix of the store')}/" if prefix else ""
        self.bucket = Bucket(name=bucket, prefix=start, url=self.url, limits=limits)
        self._documents = Documents(self.bucket)

    def put(self, folder: Path, announce: Callable[[str], None] = lambda digest: None) -> Manifest:
        """Upload `folder`, its manifest last; what is already there is not uploaded again."""
        before = snapshot(folder)
        with ThreadPoolExecutor(1) as early:
            early.submit(lambda: self.bucket.client)  # takes a moment, which hashing leaves to other threads
            manifest, parts = describe_in_parts(folder, before, self.bucket.limits)
        announce(manifest.digest)
        missing = self._missing(manifest)
        if missing or not self.has(manifest.digest):
            with meter(f"upload {manifest.digest[:12]}", sum(manifest.files[path].size for path in missing)) as told:
                Upload(self.bucket, folder, before, manifest, parts, told).send(missing)
            refuse_changes(folder, before)
            if missing and (lost := self._missing(manifest)):
                raise RlvrError(
                    f"The server accepted the file {lost[0]!r} of artifact {manifest.digest} but {self.url} does not "
                    "hold it, so nothing was published; run the command again, and look at the server's log."
                )
            self._documents.put(manifest_key(manifest.digest), canonical.dumps(manifest))
        return manifest

    def get(self, digest: str) -> Path:
        """The artifact's folder in the local cache, downloaded and checked when it is not there yet."""
        manifest, cache = self.manifest(digest), self._cache
        if cache.has(digest):
            try:
                return cache.get(digest)
            except RlvrError:
                cache.discard(digest)  # the copy here is damaged, the one in the bucket may well be sound
        return cache.receive(manifest, lambda target: self._receive("download", manifest, target), resume=True)

    def verify(self, digest: str) -> None:
        """Read every byte of an artifact in the bucket again; `RlvrError` naming the first file that differs."""
        self._receive("verify", self.manifest(digest), None)

    def manifest(self, digest: str) -> Manifest:
        """What the artifact holds."""
        text = self._text(manifest_key(digest))
        if text is None:
            raise absent(digest, self.url)
        return parse(text, digest, self.url)

    def has(self, digest: str) -> bool:
        """Whether the artifact was published here."""
        # Reading rather than a HEAD request, whose bare 404 cannot tell a missing bucket from a missing object.
        return self._text(manifest_key(digest)) is not None

    def discard(self, digest: str) -> None:
        """Remove an artifact, here and in the cache; nothing happens when it is not there."""
        self.bucket.delete(manifest_key(digest))
        with ThreadPoolExecutor(self.bucket.limits.connections, "discard") as pool:
            list(pool.map(self.bucket.delete, (f"{artifact_key(digest)}/{path}" for path in self._sizes(digest))))
        self._cache.discard(digest)

    def write(self, key: str, text: str, *, overwrite: bool = False) -> None:
        """Store a small document; without `overwrite`, another text under the same key stays and is an error."""
        checked_key(key)
        if overwrite:
            self._documents.put(key, text)
            return
        for _ in range(WRITE_ATTEMPTS):
            if self._documents.create(key, text):
                return
            # The key is taken, maybe by this very text: by another writer, or by us when the answer got lost.
            if (there := self._text(key)) is not None:
                refuse_other_text(key, text, there, self.url)
                return
        raise RlvrError(f"The document {key!r} in {self.url} is being written and removed by others; try again.")

    def exchange(self, key: str, before: str | None, after: str) -> bool:
        """Replace a document only if it still holds `before`; whether it was replaced."""
        return self._documents.exchange(checked_key(key), before, after)

    def read(self, key: str) -> str | None:
        """The text of a document; None when there is none."""
        return self._text(checked_path(key, "document key"))

    def keys(self, prefix: str) -> list[str]:
        """Sorted keys that begin with `prefix`: documents and manifests, not the files of artifacts."""
        if prefix:
            checked_path(prefix.rstrip("/"), "key prefix")
        found = (entry.key for entry in self.bucket.listing(prefix))
        return sorted(key for key in found if not key.startswith(f"{ARTIFACTS}/"))

    def remove(self, key: str) -> None:
        """Remove a document; nothing happens when it is not there."""
        self.bucket.delete(checked_key(key))

    @property
    def _cache(self) -> LocalStore:
        try:
            return LocalStore(Path(os.environ.get("RLVR_CACHE") or "~/.cache/rlvr").expanduser())
        except RuntimeError as error:
            raise RlvrError(
                "This user has no home folder for the cache of S3 files; set RLVR_CACHE to a folder."
            ) from error

    def _receive(self, what: str, manifest: Manifest, target: Path | None) -> None:
        if (wrong := damage(manifest, self._sizes(manifest.digest))) is not None:
            raise damaged(manifest.digest, self.url, wrong)
        with meter(f"{what} {manifest.digest[:12]}", manifest.size) as told:
            receive(self.bucket, manifest, target, told)

    def _text(self, key: str) -> str | None:
        there = self._documents.find(key)
        return there.text if there is not None else None

    def _sizes(self, digest: str) -> dict[str, int]:
        start = f"{artifact_key(digest)}/"
        return {entry.key.removeprefix(start): entry.size for entry in self.bucket.listing(start)}

    def _missing(self, manifest: Manifest) -> list[str]:
        """Files of an artifact that the bucket does not hold in their size.

        Objects appear whole, and each was compared with the manifest's SHA-256 before it was sent, so those that a
        broken-off upload has left are as good as new.
        """
        there = self._sizes(manifest.digest)
        return [path for path, entry in manifest.files.items() if there.get(path) != entry.size]
