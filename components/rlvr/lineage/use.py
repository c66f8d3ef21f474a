"""When artifacts were last used: what a stage reads and made is not garbage, however old it is.

used/<work key>.json  {"checkpoints": "7c4d...", "day": "2026-11-27", "digests": ["ab12...", "9f07..."]}

A stage notes what it reads before it looks whether it was done before, and what it made before it publishes it. A note
of the same day is not written again, so asking for finished work once more writes nothing.
"""

import json
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

from rlvr.canonical import dumps
from rlvr.launch.work import Work
from rlvr.lineage.removal import wait_for_removal
from rlvr.progress import report
from rlvr.store import Store

FOLDER = "used/"
READERS = 16
"""Notes read from the store at once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Use:
    """What one stage execution used, and when."""

    key: str
    """Key of its work."""
    day: datetime
    """Midnight (UTC) of the day on which it was last asked for."""
    digests: tuple[str, ...]
    """Artifacts that it reads, and what it made."""
    checkpoints: str
    """Key of its checkpoints."""


def note_use(store: Store, work: Work, made: Mapping[str, str] | None = None) -> None:
    """Note that the inputs of `work`, and what it made, are used today."""
    place = f"{FOLDER}{work.key}.json"
    there = _use(work.key, store.read(place) or "")
    read = {digest for named in work.inputs.values() for digest in ([named] if isinstance(named, str) else named)}
    digests, today = {*read, *(made or {}).values(), *(there.digests if there else ())}, datetime.now(UTC).date()
    if not digests:
        return
    if there is None or there.day.date() != today or not digests <= set(there.digests):
        note = {"checkpoints": work.checkpoint_key, "day": today.isoformat(), "digests": sorted(digests)}
        store.write(place, dumps(note), overwrite=True)


def note_made(store: Store, work: Work, digest: str) -> None:
    """Note that `work` has made an artifact that it is about to publish, once nobody is removing its like."""
    note_use(store, work, {"made": digest})
    said = f"waits for `rlvr gc`, which removes an older artifact of the same content ({digest[:12]})"
    wait_for_removal(store, digest, lambda: report(work.label, 0, 1, note=said))


def uses(store: Store) -> Iterator[Use]:
    """Every note of a store."""
    names = store.keys(FOLDER)
    with ThreadPoolExecutor(READERS) as pool:
        for name, text in zip(names, pool.map(store.read, names), strict=True):
            key = name.removeprefix(FOLDER).removesuffix(".json")
            if text is not None and (found := _use(key, text)) is not None:
                yield found


def _use(key: str, text: str) -> Use | None:
    """A note; None for a text that is none: then the artifacts' own age decides."""
    try:
        told = json.loads(text)
        day = datetime.fromisoformat(told["day"]).replace(tzinfo=UTC)
        digests = tuple(digest for digest in told["digests"] if re.fullmatch(r"[0-9a-f]{64}", digest))
        checkpoints = str(told["checkpoints"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return Use(key=key, day=day, digests=digests, checkpoints=checkpoints)
