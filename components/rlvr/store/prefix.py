"""Fetching the objects under an S3 prefix into a folder: data sets and checkpoints that people keep in a bucket."""

from collections.abc import Iterator
from contextlib import closing
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from rlvr.errors import RlvrError
from rlvr.store.disk import disk_errors
from rlvr.store.meter import meter
from rlvr.store.s3_bucket import Bucket
from rlvr.store.s3_client import DEFAULT_LIMITS
from rlvr.store.s3_download import Piece, fetched, pieces


def fetch_prefix(url: str, pattern: str, into: Path) -> list[Path]:
    """Download the objects under `s3://bucket/prefix` whose relative key matches the glob `pattern`; sorted paths."""
    name, _, prefix = url.removeprefix("s3://").partition("/")
    if not url.startswith("s3://") or not name:
        raise RlvrError(f"{url!r} is not an S3 location; write it as s3://bucket/prefix.")
    prefix = prefix.strip("/") + "/" if prefix.strip("/") else ""
    bucket = Bucket(name=name, prefix=prefix, url=url, limits=DEFAULT_LIMITS)
    keys = {found.key: found for found in bucket.listing("")}
    wanted = {key: found for key, found in sorted(keys.items()) if _matches(key, pattern)}
    if not wanted:
        there = (
            f"It holds {len(keys)} other objects, such as {prefix}{min(keys)}."
            if keys
            else "Nothing is stored under it."
        )
        raise RlvrError(f"{url} holds no object that matches {pattern!r}. {there} Check the prefix and the pattern.")
    targets = {key: _target(key, url, into) for key in wanted}

    def everything() -> Iterator[Piece]:
        for key, found in wanted.items():
            yield from pieces(key, found.size, 0, bucket.limits, etag=found.etag)

    total = sum(found.size for found in wanted.values())
    with (
        disk_errors(f"The objects of {url} cannot be written to {into}"),
        meter("download", total) as told,
        closing(fetched(bucket, everything())) as arriving,
    ):
        for piece, data in arriving:
            target = targets[piece.key]
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("ab" if piece.start else "wb") as file:
                file.write(data)
            told(piece.length)
    return sorted(targets.values())


def _matches(key: str, pattern: str) -> bool:
    """Whether a folder's glob of `pattern` would find `key`: `**/` stands for any depth, `*` for one name."""
    names, globs = PurePosixPath(key).parts, PurePosixPath(pattern).parts
    return not key.endswith("/") and _parts_match(names, globs)


def _parts_match(names: tuple[str, ...], globs: tuple[str, ...]) -> bool:
    if not globs:
        return not names
    if globs[0] == "**":
        return _parts_match(names, globs[1:]) or (bool(names) and _parts_match(names[1:], globs))
    return bool(names) and fnmatchcase(names[0], globs[0]) and _parts_match(names[1:], globs[1:])


def _target(key: str, url: str, into: Path) -> Path:
    if ".." in PurePosixPath(key).parts or key.startswith("/"):
        raise RlvrError(f"{url} holds the object {key!r}, whose name leads out of the folder; rename it.")
    return into / key
