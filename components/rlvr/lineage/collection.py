"""Garbage collection: what a store need not keep, because nothing that is kept was made from it.

Kept are the artifacts that are named, approved or pointed at by documents, those younger than a number of days, the
checkpoints of stages at work, and whatever stands behind any of them. Statements are never removed: a ledger without
gaps is what an audit rests on. A stage's record goes with its artifacts, so the stage runs again when it is asked for.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rlvr.lineage.graph import Graph, label
from rlvr.lineage.history import Entry
from rlvr.lineage.statement import APPROVAL
from rlvr.store import Store

POINTING = ("checkpoints/", "champions/")
"""Documents that name artifacts which are in use."""


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
    wanted = {*keep, *_pointed_at(store), *_approved(graph)}
    wanted |= {
        digest for digest in there if digest not in graph.makers or _finished(graph.makers[digest][0]) > young_from
    }
    needed = set(wanted)
    for digest in wanted:
        for step in graph.back(digest):
            needed.update(step.entry.subjects)
    found = [_leftover(store, digest, graph.makers[digest][0]) for digest in there - needed]
    return sorted(found, key=lambda one: (one.finished, one.digest))


def remove(store: Store, found: Iterable[Leftover]) -> Iterator[Leftover]:
    """Remove leftovers, each after the records that would otherwise promise it; yields what is gone."""
    promised: dict[str, list[str]] = {}
    for name in store.keys("records/"):
        for digest in json.loads(store.read(name) or "{}").get("outputs", {}).values():
            promised.setdefault(digest, []).append(name)
    for one in found:
        for name in promised.get(one.digest, []):
            store.remove(name)
        store.discard(one.digest)
        yield one


def _pointed_at(store: Store) -> Iterator[str]:
    for prefix in POINTING:
        for name in store.keys(prefix):
            yield from re.findall(r"[0-9a-f]{64}", store.read(name) or "")


def _approved(graph: Graph) -> Iterator[str]:
    for digest, entries in graph.about.items():
        if any(entry.statement["predicateType"] == APPROVAL for entry in entries):
            yield digest


def _finished(entry: Entry) -> datetime:
    return datetime.fromisoformat(entry.statement["predicate"]["runDetails"]["metadata"]["finishedOn"])


def _leftover(store: Store, digest: str, entry: Entry) -> Leftover:
    finished = _finished(entry).isoformat(timespec="seconds")
    return Leftover(digest=digest, made_by=label(entry), finished=finished, size=store.manifest(digest).size)
