"""Raw rows of a source, wherever they live: the Hub at a pinned commit, an S3 prefix, a folder, or made up offline.

Every location yields the same upstream schema, so everything behind it (conversion, checks, prompts, rewards) is the
same code for a laptop's synthetic rows and for the published data set. Rows come one by one; no file is held whole.

Example: `next(raw_rows(replace(clevr, location="/data/clevr", limit=8), seed=0))` gives
`{"image": {"bytes": ..., "path": None}, "problem": "How many items are there?", "solution": "<answer> 3 </answer>"}`.
"""

from collections.abc import Generator, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

from rlvr.data.raw_digests import RawFiles
from rlvr.data.raw_files import rows_in
from rlvr.data.source import RawRow, Source
from rlvr.errors import RlvrError
from rlvr.scratch import scratch


def raw_rows(source: Source, seed: int, seen: RawFiles | None = None) -> Iterator[RawRow]:
    """The first `source.limit` raw rows of `source`; `seed` matters to synthetic rows alone.

    `seen` hears of every file that is read.
    """
    if source.limit is not None and source.limit < 1:
        raise RlvrError(f"Source {source.name}: limit is {source.limit}; take at least one row, or None for all.")
    count = 0
    with closing(_located(source, seed, seen)) as located:
        for row in islice(located, source.limit):
            count += 1
            yield row
    if not count:
        raise RlvrError(
            f"Source {source.name}: {source.location!r} holds no rows; check that its files "
            f"({source.files!r}) are the data set's own and are complete."
        )


def _located(source: Source, seed: int, seen: RawFiles | None) -> Generator[RawRow, None, None]:
    location = source.location
    if location == "synthetic":
        yield from _synthetic(source, seed)
    elif location == "hub" or location.startswith("hub:"):
        from rlvr.hub import fetch_snapshot

        hub_id, revision = hub_place(source)
        yield from rows_in(fetch_snapshot(hub_id, revision, source.files), source, seen)
    elif location.startswith("s3://"):
        from rlvr.store.prefix import fetch_prefix

        with scratch() as folder:
            fetch_prefix(location, source.files, folder)
            yield from rows_in(folder, source, seen)
    elif "://" in location:
        raise RlvrError(
            f"Source {source.name}: location {location!r} is none of `hub`, `hub:ID@<40-hex commit>`, `synthetic`, "
            f"`s3://bucket/prefix` or a folder; copy the files to one of these."
        )
    else:
        yield from rows_in(Path(location), source, seen)


def hub_place(source: Source) -> tuple[str, str]:
    """Data set id and commit that a `hub` or `hub:ID@COMMIT` location reads; both must be given."""
    hub_id, revision = source.hub_id, source.revision
    if source.location.startswith("hub:"):
        named, _, commit = source.location.removeprefix("hub:").partition("@")
        hub_id, revision = named or None, commit or None
    if not hub_id:
        raise RlvrError(
            f"Source {source.name}: it names no data set on the Hub; set its location to `hub:ID@<40-hex commit>`, "
            f"a folder or `s3://bucket/prefix`."
        )
    if not _is_commit(revision):
        raise RlvrError(
            f"Source {source.name}: revision {revision!r} of {hub_id} is not a commit. Branches and tags move, so a "
            f"Hub read needs the full commit: set the location to `hub:{hub_id}@<40-hex commit>`, or use a folder or "
            f"`s3://bucket/prefix`."
        )
    return hub_id, str(revision)


def is_fixed(location: str) -> bool:
    """Whether a location always holds the same content: synthetic or pinned rows, but no folder and no S3 prefix."""
    return location in ("synthetic", "hub", "tiny") or location.startswith("hub:")


def _is_commit(revision: str | None) -> bool:
    return revision is not None and len(revision) == 40 and set(revision) <= set("0123456789abcdef")


def _synthetic(source: Source, seed: int) -> Iterator[RawRow]:
    if source.synthetic is None:
        raise RlvrError(
            f"Source {source.name} cannot make synthetic rows; set its location to `hub:ID@<40-hex commit>`, "
            f"a folder or `s3://bucket/prefix`."
        )
    if source.limit is None:
        raise RlvrError(f"Source {source.name}: synthetic rows never end; set `limit` to the number that is wanted.")
    yield from source.synthetic(source.limit, seed)
