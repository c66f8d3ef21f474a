"""One large object that is sent in parts, and the parts that earlier uploads left in the bucket."""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any

from rlvr.errors import RlvrError
from rlvr.store.keys import ARTIFACTS
from rlvr.store.s3_bucket import Bucket
from rlvr.store.s3_errors import BrokenAnswerError, is_code

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

STALE = timedelta(days=7)
"""Age at which an unfinished upload is taken for abandoned; its parts cost money and show up in no listing."""
NOT_FOR_US = ("NotImplemented", "MethodNotAllowed", "AccessDenied")
"""What servers without a listing of uploads answer, and those that do not let us see it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A part that the bucket has."""

    size: int
    """Number of bytes."""
    etag: str
    """What the server calls its content; for most servers an MD5."""
    sent: datetime
    """When it arrived."""


class Multipart:
    """An upload of one object of `size` bytes."""

    def __init__(self, bucket: Bucket, key: str, size: int, upload: str, there: dict[int, Part]) -> None:
        self.bucket, self.key, self.size, self.upload = bucket, key, size, upload
        self.part_bytes = bucket.limits.part_bytes_of(size)
        self.count = -(-size // self.part_bytes)
        self._there = there
        self._sent: dict[int, str] = {}
        self._lock = Lock()

    def length(self, number: int) -> int:
        """Bytes of part `number`; 0 for one that the file does not have."""
        return max(0, min(self.part_bytes, self.size - (number - 1) * self.part_bytes))

    def send(self, number: int, data: bytearray) -> bool:
        """Make sure that part `number` (from 1) is in the bucket; True once, for the caller that made it whole."""
        there = self._there.get(number)
        if there is not None and there.etag.strip('"') == hashlib.md5(data, usedforsecurity=False).hexdigest():
            etag = there.etag
        else:
            body: Any = data
            etag = self._ask(lambda client, place: client.upload_part(PartNumber=number, Body=body, **place)["ETag"])
        with self._lock:
            self._sent[number] = etag
            return len(self._sent) == self.count

    def complete(self) -> None:
        """Make the object of its parts; the upload may have been completed by another process meanwhile."""
        parts: Any = [{"PartNumber": number, "ETag": etag} for number, etag in sorted(self._sent.items())]
        self._ask(lambda client, place: client.complete_multipart_upload(MultipartUpload={"Parts": parts}, **place))

    def _ask(self, request: Callable[["S3Client", dict[str, Any]], Any]) -> Any:
        """What `request` returns; "" when the upload is over and the object is there."""
        place = {"Bucket": self.bucket.name, "Key": self.bucket.key(self.key), "UploadId": self.upload}

        def ask(client: "S3Client") -> Any:
            try:
                return request(client, place)
            except client.exceptions.NoSuchUpload:
                return None

        if (answer := self.bucket.ask(ask)) is not None:
            return answer
        for attempt in range(1, self.bucket.limits.attempts + 1):
            if [found.size for found in self.bucket.listing(self.key) if found.key == self.key] == [self.size]:
                return ""
            self.bucket.wait(attempt)  # a server that puts parts together may show neither upload nor object
        raise RlvrError(
            f"The upload of {self.key!r} to {self.bucket.url} was thrown away by somebody else while it went on; "
            "run the command again."
        )


def open_multipart(bucket: Bucket, key: str, size: int, left: str | None) -> Multipart:
    """A fresh upload, or the one called `left` with the parts that it has."""
    place = {"Bucket": bucket.name, "Key": bucket.key(key)}
    if left is not None and (there := _parts(bucket, place, left)) is not None:
        continued = Multipart(bucket, key, size, left, there)
        if all(continued.length(number) == part.size for number, part in there.items()):
            return continued

    def request(client: "S3Client") -> str:
        answer: Any = client.create_multipart_upload(**place)  # type: ignore[arg-type]
        if "UploadId" not in answer:
            raise BrokenAnswerError("an answer without the upload's name")
        return str(answer["UploadId"])

    return Multipart(bucket, key, size, bucket.ask(request), {})


def unfinished(bucket: Bucket, start: str) -> dict[str, str]:
    """Uploads that wait to be gone on with, by key beginning with `start`; those abandoned elsewhere are aborted."""
    found = {}
    for begun, key, upload in sorted(_uploads(bucket)):
        if key.startswith(start):
            found[key] = upload  # the newest of several
        elif datetime.now(UTC) - begun > STALE:
            with suppress(RlvrError):  # somebody else may see to it, too, or we may not be allowed to
                _abort_if_abandoned(bucket, {"Bucket": bucket.name, "Key": bucket.key(key)}, upload)
    return found


def _uploads(bucket: Bucket) -> list[tuple[datetime, str, str]]:
    """When it was begun, key, and name of the unfinished uploads of artifacts; none where they cannot be listed."""
    found: list[tuple[datetime, str, str]] = []
    after: dict[str, Any] = {}
    while True:
        start = {"Bucket": bucket.name, "Prefix": bucket.key(f"{ARTIFACTS}/"), **after}
        page = _listed(bucket, "list_multipart_uploads", start)
        found += [
            (item["Initiated"], item["Key"].removeprefix(bucket.prefix), item["UploadId"])
            for item in (page or {}).get("Uploads", [])
        ]
        if not page or not page.get("IsTruncated"):
            return found
        after = {"KeyMarker": page["NextKeyMarker"], "UploadIdMarker": page["NextUploadIdMarker"]}


def _parts(bucket: Bucket, place: dict[str, str], upload: str) -> dict[int, Part] | None:
    """Number -> part of the parts that an upload has; None when there is no such upload any more."""
    found: dict[int, Part] = {}
    after: dict[str, Any] = {}
    while True:
        page = _listed(bucket, "list_parts", {**place, "UploadId": upload, **after})
        if page is None:
            return None
        for item in page.get("Parts", []):
            found[item["PartNumber"]] = Part(size=item["Size"], etag=item["ETag"], sent=item["LastModified"])
        if not page.get("IsTruncated"):
            return found
        after = {"PartNumberMarker": page["NextPartNumberMarker"]}


def _listed(bucket: Bucket, operation: str, parameters: dict[str, Any]) -> Any:
    """A page of a listing; None when the server has none for us."""
    from botocore.exceptions import ClientError

    def ask(client: "S3Client") -> Any:
        try:
            page = getattr(client, operation)(**parameters)
        except ClientError as error:
            if is_code(error, "NoSuchUpload", *NOT_FOR_US):
                return None
            raise
        except ValueError as error:  # a date or number that is none
            raise BrokenAnswerError("a listing that cannot be read") from error
        if "Bucket" not in page:
            raise BrokenAnswerError("a listing without its content")
        return page

    return bucket.ask(ask)


def _abort_if_abandoned(bucket: Bucket, place: dict[str, str], upload: str) -> None:
    """Throw an upload away whose parts are all old; a large one may take days, and one without parts costs nothing."""
    parts = _parts(bucket, place, upload)
    if parts and datetime.now(UTC) - max(part.sent for part in parts.values()) > STALE:
        bucket.ask(lambda client: client.abort_multipart_upload(**place, UploadId=upload))  # type: ignore[arg-type]
