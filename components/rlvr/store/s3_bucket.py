"""One place in an S3 bucket: the client, and requests that are made again where that can help."""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TypeVar

from rlvr.store.limits import Limits
from rlvr.store.s3_client import connect
from rlvr.store.s3_errors import BrokenAnswerError, may_pass, s3_errors

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

T = TypeVar("T")
LONGEST_WAIT_SECONDS = 20.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """An object in a listing."""

    key: str
    """Its key, without the prefix of the place."""
    size: int
    """Number of bytes."""
    etag: str
    """What the server calls this content; for most servers an MD5."""


class Bucket:
    """The objects of the bucket `name` whose keys begin with `prefix`."""

    def __init__(self, *, name: str, prefix: str, url: str, limits: Limits) -> None:
        self.name, self.prefix, self.url, self.limits = name, prefix, url, limits
        self._answered = False

    @cached_property
    def client(self) -> "S3Client":
        """The client, made when it is first needed."""
        return connect(self.url, self.limits)

    @property
    def server(self) -> str:
        """Address of the server."""
        return self.client.meta.endpoint_url

    def key(self, name: str) -> str:
        """The key in the bucket of what is called `name` here."""
        return self.prefix + name

    def ask(self, request: Callable[["S3Client"], T]) -> T:
        """What `request` makes of the client's answer, body included.

        `request` is called again, after a wait of random length, when its answer broke off or a server that worked
        before fails; so it must do no harm when it is carried out twice. `RlvrError` when that does not help.
        """
        with s3_errors(self.url, self.server):
            for attempt in range(1, self.limits.attempts):
                try:
                    answer = request(self.client)
                except Exception as error:
                    if not may_pass(error, answered=self._answered):
                        raise
                    self.wait(attempt)
                else:
                    self._answered = True
                    return answer
            return request(self.client)

    def wait(self, attempt: int) -> None:
        """Wait before the attempt after number `attempt`, for a time that chance and the number decide."""
        longest = min(self.limits.wait_seconds * 2 ** (attempt - 1), LONGEST_WAIT_SECONDS)
        time.sleep(random.uniform(0, longest))

    def listing(self, start: str) -> Iterator[Found]:
        """The objects whose names begin with `start`, in order of their keys."""
        after: dict[str, Any] = {}
        while True:
            page = self.ask(partial(self._page, start, after))
            for item in page.get("Contents", []):
                if not item["Key"].endswith("/"):  # consoles make such empty objects to show a folder
                    yield Found(key=item["Key"].removeprefix(self.prefix), size=item["Size"], etag=item["ETag"])
            if not page.get("IsTruncated"):
                return
            after = {"ContinuationToken": page["NextContinuationToken"]}

    def delete(self, name: str) -> None:
        """Remove an object; nothing happens when it is not there."""
        self.ask(lambda client: client.delete_object(Bucket=self.name, Key=self.key(name)))

    def _page(self, start: str, after: dict[str, Any], client: "S3Client") -> Any:
        try:
            page = client.list_objects_v2(Bucket=self.name, Prefix=self.key(start), **after)
        except ValueError as error:  # a date or number that is none
            raise BrokenAnswerError("a listing that cannot be read") from error
        if "Name" not in page:  # boto3 takes an answer without a body for an empty bucket
            raise BrokenAnswerError("a listing without its content")
        return page
