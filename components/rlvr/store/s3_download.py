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

BLOCK_BYTES = 1 << 18


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

    @property
    def is_whole(self) -> bool:
        """Whether it is the whole object."""
        return self.length == self.size


def pieces(key: str, size: int, start: int, limits: Limits, etag: str = "") -> Iterator[Piece]:
    """An object of `size` bytes from offset `start` on; an empty object is one empty piece."""
    step = limits.part_bytes_of(size)
    for offset in range(start, size, step) if size else [0]:
        yield Piece(key=key, start=offset, length=min(step, size - offset), size=size, etag=etag)


def fetched(
    bucket: Bucket, wanted: Iterable[Piece], whole: Callable[[Piece, memoryview], None] = lambda piece, data: None
) -> Generator[tuple[Piece, memoryview], None, None]:
    """The bytes of the pieces, in the order asked for, each until the next is asked for; several are under way always.

    Pieces that are whole objects are given to `whole` before that, in the thread that fetched them. `RlvrError` when a
    piece cannot be had; whoever stops early stops the rest.
    """
    spare: list[bytearray] = []
    with ThreadPoolExecutor(bucket.limits.connections, "download") as pool:
        under_way: deque[tuple[Piece, Future[tuple[bytearray, memoryview]]]] = deque()
        ahead, rest = 0, iter(wanted)
        try:
            piece = next(rest, None)
            while piece is not None or under_way:
                while piece is not None and (not under_way or _fits(bucket.limits, len(under_way), ahead, piece)):
                    under_way.append((piece, pool.submit(_fetch, bucket, piece, whole, spare)))
                    ahead += piece.length
                    piece = next(rest, None)
                first, job = under_way.popleft()
                buffer, data = job.result()
                yield first, data
                spare.append(buffer)
                ahead -= first.length
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _fits(limits: Limits, count: int, ahead: int, piece: Piece) -> bool:
    return count < 4 * limits.connections and ahead + piece.length <= limits.window_bytes


def _fetch(
    bucket: Bucket, piece: Piece, whole: Callable[[Piece, memoryview], None], spare: list[bytearray]
) -> tuple[bytearray, memoryview]:
    """The bytes of a piece, in a buffer that was used before: fresh memory costs more than the copy from the socket."""
    try:
        buffer = spare.pop()
    except IndexError:
        buffer = bytearray()
    if len(buffer) < piece.length:
        buffer = bytearray(piece.length)
    view = memoryview(buffer)[: piece.length]

    def request(client: "S3Client") -> None:
        part = {"Range": f"bytes={piece.start}-{piece.start + piece.length - 1}"} if not piece.is_whole else {}
        part |= {"IfMatch": piece.etag} if piece.etag else {}
        answer = client.get_object(Bucket=bucket.name, Key=bucket.key(piece.key), **part)  # type: ignore[arg-type]
        with closing(answer["Body"]) as body:
            told: int = answer.get("ContentLength", piece.length)
            filled = 0
            while told == piece.length and filled <= piece.length and (block := body.read(BLOCK_BYTES)):
                view[filled : filled + len(block)] = block[: piece.length - filled]
                filled += len(block)
        if told != piece.length or filled != piece.length:
            raise BrokenAnswerError(f"{filled or told} bytes of {piece.key!r} instead of {piece.length}")

    bucket.ask(request)
    if piece.is_whole:
        whole(piece, view)
    return buffer, view
