"""What was seen of a ledger before: a store put back to an older state, or with its end cut off, is noticed.

The witness is a small file outside the store. By default it lies in the user's configuration folder, one a store; an
auditor without a home of its own (a CI job) names one that is kept elsewhere, in a cache or in a repository.

    {"store": "s3://bucket/rlvr", "index": 120, "digest": "9f..."}
"""

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

from rlvr.errors import RlvrError
from rlvr.lineage.finding import Finding
from rlvr.lineage.history import History
from rlvr.lineage.keys import configuration
from rlvr.lineage.ledger import key, text_digest
from rlvr.store import Store


def rolled_back(store: Store, history: History, witness: Path | None = None) -> History:
    """The history, with a finding when the newest statement that the witness saw is no longer at its place.

    A history without findings is remembered for the next time.
    """
    path = witness or configuration() / "seen" / f"{hashlib.sha256(store.url.encode()).hexdigest()[:32]}.json"
    seen = _seen(path)
    if seen is not None:
        index, digest = seen
        text = store.read(key(index))
        if text is None or text_digest(text) != digest:
            there = f"the ledger ends at {history.newest[0]:,}" if text is None else "another one stands there"
            message = (
                f"{index:,} statements were seen here before, and {there}: the store was put back to an older state "
                f"or rewritten. If that was meant, remove {path}"
            )
            finding = Finding(kind="rolled back", what=key(index), message=message)
            return replace(history, findings=(*history.findings, finding))
    if not history.findings and history.newest[0] and history.newest != seen:
        _remember(path, store, history.newest)
    return history


def _seen(path: Path) -> tuple[int, str] | None:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return int(told["index"]), str(told["digest"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise RlvrError(f"{path} does not hold what was seen of a ledger before; mend or remove it.") from error


def _remember(path: Path, store: Store, newest: tuple[int, str]) -> None:
    """Replace the witness whole: one cut off half-way would stop the next audit."""
    told = {"store": store.url, "index": newest[0], "digest": newest[1]}
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise RlvrError(
            f"What was seen of the ledger cannot be kept in {path}: {error.strerror}. Name another file with --witness."
        ) from error
