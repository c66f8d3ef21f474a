"""Small texts in a bucket, each one object, with its SHA-256 beside it.

The server is asked to replace a text only if it still is the one that was seen (If-Match), so a request that arrives
late cannot bring an old text back. An answer may be lost after the request was carried out: then the second attempt
finds the key changed, and the text that is there tells whether that was our own doing.
"""

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from rlvr.errors import RlvrError
from rlvr.store.s3_bucket import Bucket
from rlvr.store.s3_errors import BrokenAnswerError, is_code
from rlvr.store.tree import text_of

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

WRITE_ATTEMPTS = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A text as it was found."""

    text: str
    """The text."""
    etag: str
    """What the server calls this content."""
    writer: str
    """Who wrote it: a random name for every write that had to be the only one; else empty."""


class Documents:
    """The documents of a place in a bucket."""

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket
        self._unsure: dict[tuple[str, str | None, str], str] = {}

    def find(self, key: str) -> Document | None:
        """The document; None when there is none."""
        return self.bucket.ask(lambda client: self._find(client, key))

    def create(self, key: str, text: str) -> bool:
        """Write a document unless its key exists; False when it does, even if it is this very text."""
        return self._put(key, text, {"IfNoneMatch": "*"})

    def put(self, key: str, text: str) -> None:
        """Write a document whatever was there."""
        for attempt in range(1, WRITE_ATTEMPTS + 1):
            there = self.find(key)
            if there is not None and there.text == text:
                return
            if self._put(key, text, _only_if(there)):
                return
            self.bucket.wait(attempt)
        raise RlvrError(f"The document {key!r} in {self.bucket.url} is being rewritten by others; try again.")

    def exchange(self, key: str, before: str | None, after: str) -> bool:
        """Replace a document only if it holds `before`; whether this call, or its like that broke off, did so."""
        there, what = self.find(key), (key, before, after)
        writer = self._unsure.pop(what, "")
        if writer and there is not None and there.writer == writer:
            return True
        if (there.text if there is not None else None) != before:
            return False
        writer = uuid4().hex
        try:
            return self._put(key, after, _only_if(there), writer=writer) or self._wrote(key, writer)
        except RlvrError:
            self._unsure[what] = writer
            raise

    def _wrote(self, key: str, writer: str) -> bool:
        there = self.find(key)
        return there is not None and there.writer == writer

    def _put(self, key: str, text: str, condition: dict[str, str], writer: str = "") -> bool:
        """Whether the condition held."""
        from botocore.exceptions import ClientError

        data = text.encode()
        notes = {"sha256": hashlib.sha256(data).hexdigest()} | ({"writer": writer} if writer else {})

        def request(client: "S3Client") -> bool:
            try:
                client.put_object(
                    Bucket=self.bucket.name,
                    Key=self.bucket.key(key),
                    Body=data,
                    ContentType="application/json",
                    Metadata=notes,
                    **condition,  # type: ignore[arg-type]
                )
            except ClientError as error:
                if not is_code(error, "PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"):
                    raise
                return False
            return True

        return self.bucket.ask(request)

    def _find(self, client: "S3Client", key: str) -> Document | None:
        try:
            answer: Any = client.get_object(Bucket=self.bucket.name, Key=self.bucket.key(key))
        except client.exceptions.NoSuchKey:
            return None
        data = answer["Body"].read()
        notes = {name.lower(): value for name, value in answer.get("Metadata", {}).items()}
        # Documents that other programs wrote have no digest to be held to.
        if notes.get("sha256", "") not in ("", hashlib.sha256(data).hexdigest()):
            raise BrokenAnswerError(f"the document {key!r} does not have the SHA-256 that was stored with it")
        return Document(
            text=text_of(data, key, self.bucket.url), etag=answer["ETag"], writer=str(notes.get("writer", ""))
        )


def _only_if(there: Document | None) -> dict[str, str]:
    return {"IfNoneMatch": "*"} if there is None else {"IfMatch": there.etag}
