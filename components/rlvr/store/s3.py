"""A store in an S3 bucket (AWS, MinIO, SeaweedFS, Ceph ...), with a local cache for what is read.

Endpoint, region and credentials come from the standard AWS settings (`AWS_ENDPOINT_URL`, `AWS_ACCESS_KEY_ID`,
`AWS_SECRET_ACCESS_KEY`, `AWS_PROFILE`, `AWS_REGION`, `AWS_MAX_ATTEMPTS`). The checksum that S3 reports for a multipart
upload is one of its parts, not of the content, so the SHA-256 of our own manifest is what every download is held to.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from rlvr import canonical
from rlvr.errors import RlvrError
from rlvr.store.disk import disk_errors
from rlvr.store.keys import ARTIFACTS, artifact_key, checked_key, checked_path, manifest_key
from rlvr.store.local import LocalStore, refuse_other_text
from rlvr.store.s3_client import connect
from rlvr.store.s3_errors import is_code, s3_errors
from rlvr.store.tree import (
    Manifest,
    absent,
    damage,
    damaged,
    describe,
    parse,
    refuse_changes,
    sha256_of,
    snapshot,
    text_of,
)

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

CHUNK_BYTES = 1 << 20
WRITE_ATTEMPTS = 3


class S3Store:
    """Artifacts and documents under `s3://bucket/prefix`."""

    def __init__(self, *, bucket: str, prefix: str = "") -> None:
        self.bucket = bucket
        self.prefix = f"{checked_path(prefix, 'prefix of the store')}/" if prefix else ""
        self.url = f"s3://{bucket}/{prefix}".rstrip("/")

    def put(self, folder: Path) -> Manifest:
        """Upload `folder`, its manifest last; content that is already there is not uploaded again."""
        before = snapshot(folder)
        manifest = describe(folder, before)
        files = artifact_key(manifest.digest)
        published = self.has(manifest.digest)
        there = self._sizes(manifest.digest) if published else {}
        missing = [path for path, entry in manifest.files.items() if there.get(path) != entry.size]
        if published and not missing:
            return manifest
        with disk_errors(f"The folder {folder} cannot be read"), self._errors():
            for path in missing:
                self._client.upload_file(str(folder / path), self.bucket, self._key(f"{files}/{path}"))
        try:
            refuse_changes(folder, before)
        except RlvrError:
            for path in missing:
                self._delete(f"{files}/{path}")
            raise
        self._put(manifest_key(manifest.digest), canonical.dumps(manifest))
        return manifest

    def get(self, digest: str) -> Path:
        """The artifact's folder in the local cache, downloaded and checked when it is not there yet."""
        manifest, cache = self.manifest(digest), self._cache
        if cache.has(digest):
            try:
                return cache.get(digest)
            except RlvrError:
                cache.discard(digest)  # the copy here is damaged, the one in the bucket may well be sound
        return cache.receive(manifest, lambda target: self._download(manifest, target))

    def verify(self, digest: str) -> None:
        """Read every byte of an artifact in the bucket again; `RlvrError` naming the first file that differs."""
        manifest = self.manifest(digest)
        if (what := damage(manifest, self._sizes(digest))) is not None:
            raise damaged(digest, self.url, what)
        for path, entry in manifest.files.items():
            sha256 = hashlib.sha256()
            with self._errors():
                body = self._client.get_object(Bucket=self.bucket, Key=self._key(f"{artifact_key(digest)}/{path}"))[
                    "Body"
                ]
                for chunk in body.iter_chunks(CHUNK_BYTES):
                    sha256.update(chunk)
            _check(sha256.hexdigest(), entry.sha256, digest, self.url, path)

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
        self._delete(manifest_key(digest))
        for path in self._sizes(digest):
            self._delete(f"{artifact_key(digest)}/{path}")
        self._cache.discard(digest)

    def write(self, key: str, text: str, *, overwrite: bool = False) -> None:
        """Store a small document; without `overwrite`, another text under the same key stays and is an error."""
        checked_key(key)
        if overwrite:
            self._put(key, text)
            return
        for _ in range(WRITE_ATTEMPTS):
            if self._create(key, text):
                return
            if (there := self._text(key)) is not None:
                refuse_other_text(key, text, there, self.url)
                return
        raise RlvrError(f"The document {key!r} in {self.url} is being written and removed by others; try again.")

    def exchange(self, key: str, before: str | None, after: str) -> bool:
        """Replace a document only if it still holds `before`; whether it was replaced."""
        from botocore.exceptions import ClientError

        checked_key(key)
        if before is None:
            return self._create(key, after)
        with self._errors():
            try:
                there = self._client.get_object(Bucket=self.bucket, Key=self._key(key))
                if text_of(there["Body"].read(), key, self.url) != before:
                    return False
                self._client.put_object(
                    Bucket=self.bucket,
                    Key=self._key(key),
                    Body=after.encode(),
                    ContentType="application/json",
                    IfMatch=there["ETag"],
                )
            except ClientError as error:
                if not is_code(error, "PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"):
                    raise
                return False
        return True

    def read(self, key: str) -> str | None:
        """The text of a document; None when there is none."""
        return self._text(checked_path(key, "document key"))

    def keys(self, prefix: str) -> list[str]:
        """Sorted keys that begin with `prefix`: documents and manifests, not the files of artifacts."""
        if prefix:
            checked_path(prefix.rstrip("/"), "key prefix")
        return sorted(key for key, _ in self._list(prefix) if not key.startswith(f"{ARTIFACTS}/"))

    def remove(self, key: str) -> None:
        """Remove a document; nothing happens when it is not there."""
        self._delete(checked_key(key))

    @cached_property
    def _client(self) -> "S3Client":
        return connect(self.url)

    @property
    def _cache(self) -> LocalStore:
        try:
            return LocalStore(Path(os.environ.get("RLVR_CACHE") or "~/.cache/rlvr").expanduser())
        except RuntimeError as error:
            raise RlvrError(
                "This user has no home folder for the cache of S3 files; set RLVR_CACHE to a folder."
            ) from error

    def _download(self, manifest: Manifest, target: Path) -> None:
        if (what := damage(manifest, self._sizes(manifest.digest))) is not None:
            raise damaged(manifest.digest, self.url, what)
        for path, entry in manifest.files.items():
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            with self._errors():
                key = self._key(f"{artifact_key(manifest.digest)}/{path}")
                self._client.download_file(self.bucket, key, str(target / path))
            _check(sha256_of(target / path), entry.sha256, manifest.digest, self.url, path)

    def _errors(self) -> AbstractContextManager[None]:
        return s3_errors(self.url, self._client.meta.endpoint_url)

    def _key(self, name: str) -> str:
        return self.prefix + name

    def _text(self, key: str) -> str | None:
        with self._errors():
            try:
                body = self._client.get_object(Bucket=self.bucket, Key=self._key(key))["Body"]
            except self._client.exceptions.NoSuchKey:
                return None
            return text_of(body.read(), key, self.url)

    def _put(self, key: str, text: str) -> None:
        with self._errors():
            self._client.put_object(
                Bucket=self.bucket, Key=self._key(key), Body=text.encode(), ContentType="application/json"
            )

    def _create(self, key: str, text: str) -> bool:
        """Write a document unless its key exists; False when it does."""
        from botocore.exceptions import ClientError

        with self._errors():
            try:
                self._client.put_object(
                    Bucket=self.bucket,
                    Key=self._key(key),
                    Body=text.encode(),
                    ContentType="application/json",
                    IfNoneMatch="*",
                )
            except ClientError as error:
                if not is_code(error, "PreconditionFailed", "ConditionalRequestConflict"):
                    raise
                return False
        return True

    def _delete(self, key: str) -> None:
        with self._errors():
            self._client.delete_object(Bucket=self.bucket, Key=self._key(key))

    def _sizes(self, digest: str) -> dict[str, int]:
        start = f"{artifact_key(digest)}/"
        return {key.removeprefix(start): size for key, size in self._list(start)}

    def _list(self, start: str) -> Iterator[tuple[str, int]]:
        """Keys below the store's prefix that begin with `start`, with their sizes in bytes."""
        with self._errors():
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self._key(start))
            for page in pages:
                for item in page.get("Contents", []):
                    if item["Key"].endswith("/"):
                        continue  # consoles make such empty objects to show a folder
                    yield item["Key"].removeprefix(self.prefix), item["Size"]


def _check(found: str, expected: str, digest: str, place: str, path: str) -> None:
    if found != expected:
        raise damaged(digest, place, f"the bytes of the file {path!r} do not have the recorded SHA-256")
