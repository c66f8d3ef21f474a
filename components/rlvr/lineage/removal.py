"""What garbage collection is about to remove, told beforehand, so that a stage that makes the same again waits.

removals/<name>.json  {"digests": ["ab12...", "9f07..."]}

The collector writes this document and then reads the notes of what is in use (`rlvr.lineage.use`); a stage notes what
it made and then looks for such documents. Whichever comes second sees the other: the collector passes the artifact
over, or the stage waits until the collector is done and publishes it anew.
"""

import json
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from uuid import uuid4

from rlvr.store import Store

FOLDER = "removals/"
GRANTED_SECONDS = 600
"""How long after its document a collector may begin to remove an artifact."""
PATIENCE_SECONDS = 1800
"""How long a stage waits for a collector: one that takes longer was killed, and its document is removed."""
LOOK_SECONDS = 0.5


@contextmanager
def announced(store: Store, digests: Iterable[str]) -> Iterator[Callable[[], bool]]:
    """Tell that these are being removed; yields what says whether the next may be, as time goes by."""
    key = f"{FOLDER}{uuid4().hex}.json"
    began = time.time()
    store.write(key, json.dumps({"digests": sorted(digests)}))
    try:
        yield lambda: time.time() - began < GRANTED_SECONDS
    finally:
        store.remove(key)


def wait_for_removal(store: Store, digest: str, waiting: Callable[[], None]) -> None:
    """Return when nobody is removing the artifact; `waiting` is called if that is not so at once."""
    began, told = time.monotonic(), False
    while removing := [key for key in store.keys(FOLDER) if digest in _told(store.read(key))]:
        if time.monotonic() - began > PATIENCE_SECONDS:
            for key in removing:
                store.remove(key)
            return
        if not told:
            waiting()
            told = True
        time.sleep(LOOK_SECONDS)


def _told(text: str | None) -> list[str]:
    """The digests of a document, whatever else it says."""
    return re.findall(r"[0-9a-f]{64}", text or "")
