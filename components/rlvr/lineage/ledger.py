"""The ledger: the statements of a store as one chain, each naming its place and the digest of the one before.

Place and predecessor stand inside what is signed, so nobody can take a statement out, change the order, or repeat one
elsewhere without it showing. A new statement takes the next free key by a conditional write; of two writers at once the
later one moves on to the place after. Nothing is ever rewritten.

A note beside the statements tells how many there are. It is written after a statement, so it never tells of more than
there were; a writer that finds its place free although the note tells of a statement there says so in what it signs.
"""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from rlvr.canonical import dumps
from rlvr.errors import RlvrError
from rlvr.lineage.envelope import sealed
from rlvr.store import DocumentExistsError, Store

if TYPE_CHECKING:
    from securesystemslib.signer import CryptoSigner

FOLDER = "ledger"
HINT = f"{FOLDER}/newest.json"
"""Where the newest statement is likely to be found; only a hint, and never trusted."""
PLACE = "rlvr_ledger"
"""Field of a statement that holds its place: `{"index": 7, "previous": "<sha256>"}`; with `"noted": 9` as well when the
note told of 9 statements while place 7 was free."""

_unsure: dict[tuple[str, str], tuple[int, str]] = {}
"""By store and digest of a statement: the place and the text that were sent and never answered."""


def key(index: int) -> str:
    """The document that holds statement number `index`, counted from 1."""
    return f"{FOLDER}/{index:012d}.json"


def text_digest(text: str) -> str:
    """How the next statement names this one: SHA-256 of its envelope's text."""
    return hashlib.sha256(text.encode()).hexdigest()


def append(store: Store, statement: Mapping[str, Any], signer: "CryptoSigner") -> int:
    """Sign `statement` at the end of the ledger and return its number.

    When the store gave up, nobody knows whether the statement arrived. The same call made again says it at the
    same place first, whatever others have added since.
    """
    doubt = store.url, text_digest(dumps(statement))
    if doubt in _unsure:
        index, text = _unsure[doubt]
        with suppress(DocumentExistsError):  # another's statement: this one did not arrive, and cannot any more
            store.write(key(index), text)
            del _unsure[doubt]
            if promised(store) < index:
                _note(store, index)
            return index
    noted, last = promised(store), _last(store)
    while True:
        before = store.read(key(last)) if last else None
        if last and before is None:
            raise RlvrError(f"Statement {last} vanished from the ledger of {store.url} while another was added.")
        place: dict[str, Any] = {"index": last + 1, "previous": text_digest(before) if before is not None else ""}
        place |= {"noted": noted} if noted > last else {}
        text = sealed({**statement, PLACE: place}, signer)
        try:
            store.write(key(last + 1), text)
        except DocumentExistsError:
            last += 1
            continue
        except RlvrError:
            _unsure[doubt] = last + 1, text
            raise
        _unsure.pop(doubt, None)
        _note(store, last + 1)
        return last + 1


def numbers(store: Store) -> list[int]:
    """Numbers of the statements that are there, in order; gaps are for the auditor to find."""
    names = (name.removeprefix(f"{FOLDER}/").removesuffix(".json") for name in store.keys(f"{FOLDER}/"))
    return sorted(int(name) for name in names if len(name) == 12 and name.isascii() and name.isdigit())


def promised(store: Store) -> int:
    """Number of the newest statement as the ledger's own note gives it, never more than were written; 0 without one."""
    try:
        return max(0, int(json.loads(store.read(HINT) or "{}")["index"]))
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return 0


def _note(store: Store, index: int) -> None:
    with suppress(RlvrError):  # the statement stands; were this an error, it would be made a second time
        store.write(HINT, json.dumps({"index": index}), overwrite=True)


def _last(store: Store) -> int:
    """Number of the newest statement, or of one that is near it; 0 for an empty ledger."""
    hint = promised(store)
    if hint and store.read(key(hint)) is not None:
        return hint
    there = [0, *numbers(store)]
    # The one before the newest: a writer that never heard of its success and tries again finds its own text after it.
    return there[-1] - 1 if there[-1] - 1 in there else there[-1]
