"""What this machine saw of a ledger before: a store put back to an older state, or with its end cut off, is noticed."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

from rlvr.errors import RlvrError
from rlvr.lineage.history import Finding, History
from rlvr.lineage.keys import configuration
from rlvr.lineage.ledger import key, text_digest
from rlvr.store import Store


def rolled_back(store: Store, history: History) -> History:
    """The history, with a finding when the newest statement seen here before is no longer at its place.

    A history without findings is remembered in the user's configuration folder for the next time.
    """
    path = configuration() / "seen" / f"{hashlib.sha256(store.url.encode()).hexdigest()[:32]}.json"
    seen = _seen(path)
    if seen is not None:
        index, digest = seen
        text = store.read(key(index))
        if text is None or text_digest(text) != digest:
            there = f"the ledger ends at {history.newest[0]}" if text is None else "another one stands there"
            message = (
                f"this machine has seen {index} statements here, and {there}: the store was put back to an older state "
                f"or rewritten. If that was meant, remove {path}"
            )
            finding = Finding(kind="rolled back", what=key(index), message=message)
            return replace(history, findings=(*history.findings, finding))
    if not history.findings and history.newest[0]:
        _remember(path, store, history.newest)
    return history


def _seen(path: Path) -> tuple[int, str] | None:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return int(told["index"]), str(told["digest"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RlvrError(f"{path} does not hold what was seen of a ledger before; mend or remove it.") from error


def _remember(path: Path, store: Store, newest: tuple[int, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    told = {"store": store.url, "index": newest[0], "digest": newest[1]}
    path.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
