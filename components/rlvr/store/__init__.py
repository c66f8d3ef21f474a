"""Content-addressed store for artifacts and small documents, in a local folder or an S3 bucket.

An artifact is a folder, named by the digest of its content, so the name proves the content and equal results are kept
once. Documents (records, checkpoint pointers) are small JSON texts under keys of their own.

    store = open_store("s3://models/rlvr")
    manifest = store.put(Path("checkpoint"))      # artifacts/<digest>/..., then manifests/<digest>.json
    folder = store.get(manifest.digest)           # a local folder with exactly these files
    store.write("records/0d3f.json", text)        # refuses to replace another text

boto3 is imported by the S3 store alone, and only when one is opened.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from rlvr.errors import RlvrError
from rlvr.store.keys import DocumentExistsError
from rlvr.store.local import LocalStore
from rlvr.store.tree import FileEntry, Manifest, manifest_of

__all__ = ["DocumentExistsError", "FileEntry", "LocalStore", "Manifest", "Store", "manifest_of", "open_store"]


class Store(Protocol):
    """Where artifacts and documents are kept."""

    url: str
    """What `open_store` opens again."""

    def put(self, folder: Path, announce: Callable[[str], None] = lambda digest: None) -> Manifest:
        """Publish a folder: all or nothing, and no copy of content that is already there.

        `announce` hears the digest before anything is written.
        """

    def get(self, digest: str) -> Path:
        """A local folder with exactly the artifact's files, read-only; absent or damaged artifacts are errors."""

    def verify(self, digest: str) -> None:
        """Read every stored byte again; `RlvrError` naming the first file that differs from the manifest."""

    def manifest(self, digest: str) -> Manifest:
        """What the artifact holds."""

    def has(self, digest: str) -> bool:
        """Whether the artifact was published here."""

    def discard(self, digest: str) -> None:
        """Remove an artifact; nothing happens when it is not there."""

    def write(self, key: str, text: str, *, overwrite: bool = False) -> None:
        """Store a document whole; without `overwrite`, `DocumentExistsError` when the key holds another text."""

    def exchange(self, key: str, before: str | None, after: str) -> bool:
        """Replace a document only if it still holds `before` (None: only if there is none); whether it was replaced.

        Of several writers that saw the same text one succeeds.
        """

    def read(self, key: str) -> str | None:
        """The text of a document; None when there is none."""

    def keys(self, prefix: str) -> list[str]:
        """Sorted keys that begin with `prefix`: documents and manifests, not the files of artifacts."""

    def remove(self, key: str) -> None:
        """Remove a document; nothing happens when it is not there."""


def open_store(url: str) -> Store:
    """The store at a folder (`/data/store`, `file:///data/store`) or in a bucket (`s3://bucket/prefix`)."""
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    # A URL may carry a password, so the messages below never repeat it.
    if "@" in parts.netloc:
        raise RlvrError(
            "The store's URL holds a user name or password; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY instead."
        )
    if parts.scheme == "s3" and parts.netloc:
        from rlvr.store.s3 import S3Store

        return S3Store(bucket=parts.netloc, prefix=url.partition("://")[2].partition("/")[2].strip("/"))
    if parts.scheme == "file" and parts.netloc in ("", "localhost") and parts.path:
        return LocalStore(Path(unquote(parts.path)))
    if "://" not in url and url:
        return LocalStore(Path(url))
    scheme = f"{parts.scheme}://" if "://" in url else "nothing"
    raise RlvrError(
        f"The store's URL begins with {scheme}, which names no store: expected a folder ('/data/store' or "
        "'file:///data/store') or 's3://bucket/prefix' (for MinIO, SeaweedFS and the like also s3://, with "
        "AWS_ENDPOINT_URL set to the server)."
    )
