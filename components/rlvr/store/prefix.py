"""Fetching the objects under an S3 prefix into a folder: data sets and checkpoints that people keep in a bucket."""

from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from rlvr.errors import RlvrError
from rlvr.store.s3_client import connect
from rlvr.store.s3_errors import s3_errors


def fetch_prefix(url: str, pattern: str, into: Path) -> list[Path]:
    """Download the objects under `s3://bucket/prefix` whose relative key matches the glob `pattern`; sorted paths."""
    bucket, _, prefix = url.removeprefix("s3://").partition("/")
    if not url.startswith("s3://") or not bucket:
        raise RlvrError(f"{url!r} is not an S3 location; write it as s3://bucket/prefix.")
    prefix = prefix.strip("/") + "/" if prefix.strip("/") else ""
    client = connect(url)
    with s3_errors(url, client.meta.endpoint_url):
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        keys = sorted(entry["Key"] for page in pages for entry in page.get("Contents", []))
        wanted = [key for key in keys if _matches(key.removeprefix(prefix), pattern)]
        for key in wanted:
            target = _target(key.removeprefix(prefix), url, into)
            target.parent.mkdir(parents=True, exist_ok=True)
            client.download_file(bucket, key, str(target))
    if not wanted:
        there = f"It holds {len(keys)} other objects, such as {keys[0]}." if keys else "Nothing is stored under it."
        raise RlvrError(f"{url} holds no object that matches {pattern!r}. {there} Check the prefix and the pattern.")
    return sorted(into / key.removeprefix(prefix) for key in wanted)


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
