"""Garbage collection: what a store need not keep, because nothing that is kept was made from it.

Kept are the artifacts that are named, approved or pointed at by documents, those that were made or used within a number
of days, what stages at work read, and whatever stands behind any of them. Statements are never removed: a ledger
without gaps is what an audit rests on. A stage's record goes with its artifacts, so the stage runs again on demand.

A pipeline may run meanwhile. What it published and did not sign yet has no statement, and such artifacts are kept. What
it begins to use while leftovers are being removed is noted before it looks for it (`rlvr.lineage.use`), and the notes
are read once more between the removal of the records that promise an artifact and its own: a stage that came before
finds the artifact, one that comes after finds no record and makes it again. One that makes the same again meanwhile
waits (`rlvr.lineage.removal`).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain, islice

from rlvr.errors import RlvrError
from rlvr.lineage.entry import Entry
from rlvr.lineage.graph import Graph, label
from rlvr.lineage.records import promised
from rlvr.lineage.removal import announced
from rlvr.lineage.statement import APPROVAL
from rlvr.lineage.use import uses
from rlvr.store import Store

CHECKPOINTS = "checkpoints/"
"""Documents by the key of a stage at work, each naming a checkpoint."""
POINTING = (CHECKPOINTS, "champions/")
"""Documents that name artifacts which are in use."""
REMEMBERED = ("records", "attested", "executions", "launches")
"""Folders of documents about finished work, each named by the work's key."""
BATCH = 500
"""Leftovers that are removed between two looks at what is in use."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Leftover:
    """An artifact that nothing kept needs."""

    digest: str
    """The artifact."""
    made_by: str
    """Label of the stage that made it."""
    finished: str
    """When, RFC 3339."""
    size: int
    """Bytes of its files."""


def leftovers(
    store: Store, graph: Graph, *, keep: Iterable[str], days: float, now: datetime | None = None
) -> list[Leftover]:
    """What could be removed, oldest first; `keep` are digests to keep with all that stands behind them.

    Artifacts without a statement are kept: nobody knows what they are for.
    """
    there = {name.removeprefix("manifests/").removesuffix(".json") for name in store.keys("manifests/")}
    young_from = (now or datetime.now(UTC)) - timedelta(days=days)
    wanted = {*keep, *_pointed_at(store), *_approved(graph), *_in_use(store, young_from)}
    wanted |= {
        digest for digest in there if digest not in graph.makers or _finished(graph.makers[digest][0]) > young_from
    }
    needed = _with_lineage(graph, wanted)
    found = [_leftover(store, digest, graph.makers[digest][0]) for digest in there - needed]
    return sorted(found, key=lambda one: (one.finished, one.digest))


def remove(store: Store, graph: Graph, found: Iterable[Leftover], *, now: datetime | None = None) -> Iterator[Leftover]:
    """Remove leftovers, each after the records that would otherwise promise it; yields what is gone.

    What has come into use since it was found, or stands behind what has, is passed over.
    """
    began = now or datetime.now(UTC)
    promises: dict[str, list[str]] = {}
    for key, digests in promised(store):
        for digest in digests:
            promises.setdefault(digest, []).append(key)
    waiting = iter(found)
    while batch := list(islice(waiting, BATCH)):
        with announced(store, (one.digest for one in batch)) as may_go_on:
            keys = [key for one in batch for key in promises.get(one.digest, ())]
            for name in (f"{folder}/{key}.json" for key in keys for folder in REMEMBERED):
                store.remove(name)
            used = _with_lineage(graph, {*_pointed_at(store), *_in_use(store, began)})
            removable = iter([one for one in batch if one.digest not in used])
            if not may_go_on():
                raise RlvrError(
                    f"Reading what is in use in {store.url} took longer than removals may wait, so nothing more was "
                    f"removed; run the command nearer to the store."
                )
            while may_go_on() and (one := next(removable, None)) is not None:
                store.discard(one.digest)
                yield one
        waiting = chain(removable, waiting)


def _with_lineage(graph: Graph, wanted: Iterable[str]) -> set[str]:
    """Artifacts and everything that stands behind them."""
    named = set(wanted)
    return named.union(*(step.entry.subjects for step in graph.back(*named)))


def _in_use(store: Store, young_from: datetime) -> Iterator[str]:
    """What stages used since then, or use now: their checkpoints say that they are at work."""
    at_work = {name.removeprefix(CHECKPOINTS).partition("/")[0] for name in store.keys(CHECKPOINTS)}
    for use in uses(store):
        if use.day + timedelta(days=1) > young_from or use.checkpoints in at_work:
            yield from use.digests


def _pointed_at(store: Store) -> Iterator[str]:
    for prefix in POINTING:
        for name in store.keys(prefix):
            yield from re.findall(r"[0-9a-f]{64}", store.read(name) or "")


def _approved(graph: Graph) -> Iterator[str]:
    for digest, entries in graph.about.items():
        if any(entry.predicate_type == APPROVAL for entry in entries):
            yield digest


def _finished(entry: Entry) -> datetime:
    """When a stage was done; far in the future where the statement of another builder does not say it."""
    try:
        told = datetime.fromisoformat(str(entry.statement["predicate"]["runDetails"]["metadata"].get("finishedOn")))
    except ValueError:
        return datetime.max.replace(tzinfo=UTC)
    return told if told.tzinfo else told.replace(tzinfo=UTC)


def _leftover(store: Store, digest: str, entry: Entry) -> Leftover:
    finished = _finished(entry).isoformat(timespec="seconds")
    return Leftover(digest=digest, made_by=label(entry), finished=finished, size=store.manifest(digest).size)
