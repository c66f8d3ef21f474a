"""Fetching objects from a bucket: many requests at once, in pieces, handed over in order.

The pieces of a large object are fetched side by side and arrive in order, so its SHA-256 is computed, and the file is
written, from one end to the other: nothing is read twice, and what a broken-off download left on the disk is a sound
beginning that the next one goes on from.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rlvr.store.limits import Limits
from rlvr.store.s3_bucket import Bucket
from rlvr.store.s3_errors import BrokenAnswerError

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """A stretch of an object."""

    key: str
    """The object, without the prefix of the place."""
    start: int
    """Offset of the first byte."""
    length: int
    """Number of bytes."""
    size: int
    """Number of bytes of the whole object."""
    etag: str = ""
    """The content that is meant, as the server calls it; empty where a digest says so."""

    @property
    def is_last(self) -> bool:
        """Whether the object ends with it."""
        return self.start + self.length == self.size


def pieces(key: str, size: int, start: int, limits: Limits, etag: str = "") -> Iterator[Piece]:
    """An object of `size` bytes from offset `start` on; an empty object is one empty piece."""
    step = limits.part_bytes_of(size)
    for offset in range(start, size, step) if size else [0]:
        yield Piece(key=key, start=offset, length=min(step, size - offset), size=size, etag=etag)


def fetched(bucket: Bucket, wanted: Iterable[Piece]) -> Generator[tuple[Piece, bytes], None, None]:
    """The bytes of the pieces, in the order asked for; several are under way at any time.

    `RlvrError` when a piece cannot be had; whoever stops early stops the rest.
    """
    with ThreadPoolExecutor(bucket.limits.connections, "download") as pool:
        under_way: deque[tuple[Piece, Future[bytes]]] = deque()
        ahead, rest = 0, iter(wanted)
        try:
            piece = next(rest, None)
            while piece is not None or under_way:
                while piece is not None and (not under_way or _fits(bucket.limits, len(under_way), ahead, piece)):
                    under_way.append((piece, pool.submit(bucket.ask, _request(bucket, piece))))
                    ahead += piece.length
                    piece = next(rest, None)
                first, data = under_way.popleft()
                yield first, data.result()
                ahead -= first.length
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _fits(limits: Limits, count: int, ahead: int, piece: Piece) -> bool:
    return count < 4 * limits.connections and ahead + piece.length <= limits.window_bytes


def _request(bucket: Bucket, piece: Piece) -> Callable[["S3Client"], bytes]:
    def request(client: "S3Client") -> bytes:
        part = {"Range": f"bytes={piece.start}-{piece.start + piece.length - 1}"} if piece.length < piece.size else {}
        part |= {"IfMatch": piece.etag} if piece.etag else {}
        answer = client.get_object(Bucket=bucket.name, Key=bucket.key(piece.key), **part)  # type: ignore[arg-type]
        with closing(answer["Body"]) as body:
            if answer["ContentLength"] != piece.length:
                raise BrokenAnswerError(f"{answer['ContentLength']} bytes of {piece.key!r} instead of {piece.length}")
            data: bytes = body.read()
        if len(data) != piece.length:
            raise BrokenAnswerError(f"{len(data)} bytes of {piece.key!r} instead of {piece.length}")
        return data

    return request
