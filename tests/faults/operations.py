"""Everything one can do with a store, each as what must be there before, what is done, and what is there afterwards."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rlvr.lineage import ledger
from rlvr.lineage.keys import make_key, signer
from rlvr.store import DocumentExistsError, Store, manifest_of

PART_BYTES = 1 << 16
SMALL = {"config.json": b"{}", "weights/tief/größe 大きさ.bin": bytes(range(256)) * 40, "empty.txt": b""}
LARGE = {
    "model.safetensors": b"".join(hashlib.sha256(b"%d" % number).digest() for number in range(9000)),
    "config.json": b'{"layers": 2}',
    "tail.bin": bytes(range(256)) * 1024 + b"odd end",
}
"""281 KiB and 256 KiB in parts of 64 KiB, and a small file."""
KEY = "champions/a.json"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Folders that the operations read."""

    small: Path
    large: Path

    @classmethod
    def make(cls, folder: Path) -> "Place":
        for name, files in {"small": SMALL, "large": LARGE}.items():
            for path, data in files.items():
                (folder / name / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / name / path).write_bytes(data)
        return cls(small=folder / "small", large=folder / "large")

    def digest(self, name: str) -> str:
        return manifest_of(getattr(self, name)).digest


Act = Callable[[Store, Place], Any]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One thing to do with a store."""

    act: Act
    before: Act = lambda store, place: None


def nothing(store: Store, place: Place) -> None:
    pass


def publish(name: str) -> Act:
    return lambda store, place: store.put(getattr(place, name)).digest


def bring(name: str) -> Act:
    return lambda store, place: contents(store.get(place.digest(name)))


def write(text: str, *, overwrite: bool = False) -> Act:
    def act(store: Store, place: Place) -> str:
        try:
            store.write(KEY, text, overwrite=overwrite)
        except DocumentExistsError:
            return "refused"
        return "written"

    return act


def append(note: str) -> Act:
    def act(store: Store, place: Place) -> int:
        return ledger.append(store, {"note": note}, signer())

    return act


def all_of(*acts: Act) -> Act:
    def act(store: Store, place: Place) -> None:
        for each in acts:
            each(store, place)

    return act


BOTH = all_of(publish("small"), publish("large"))
OPERATIONS: dict[str, Operation] = {
    "put": Operation(act=publish("small")),
    "put in parts": Operation(act=publish("large")),
    "put what is there": Operation(before=publish("small"), act=publish("small")),
    "get": Operation(before=publish("small"), act=bring("small")),
    "get in pieces": Operation(before=publish("large"), act=bring("large")),
    "verify": Operation(before=publish("large"), act=lambda store, place: store.verify(place.digest("large"))),
    "has": Operation(before=publish("small"), act=lambda store, place: store.has(place.digest("small"))),
    "has not": Operation(act=lambda store, place: store.has(place.digest("small"))),
    "discard": Operation(before=BOTH, act=lambda store, place: store.discard(place.digest("large"))),
    "write": Operation(act=write("new")),
    "write what is there": Operation(before=write("old"), act=write("old")),
    "write another text": Operation(before=write("old"), act=write("new")),
    "overwrite": Operation(before=write("old"), act=write("new", overwrite=True)),
    "exchange": Operation(before=write("old"), act=lambda store, place: store.exchange(KEY, "old", "new")),
    "exchange nothing": Operation(act=lambda store, place: store.exchange(KEY, None, "new")),
    "exchange too late": Operation(before=write("new"), act=lambda store, place: store.exchange(KEY, "old", "new")),
    "read": Operation(before=write("old"), act=lambda store, place: store.read(KEY)),
    "read nothing": Operation(act=lambda store, place: store.read(KEY)),
    "keys": Operation(before=all_of(BOTH, write("old")), act=lambda store, place: store.keys("")),
    "remove": Operation(before=write("old"), act=lambda store, place: store.remove(KEY)),
    "append to an empty ledger": Operation(act=append("one")),
    "append to the ledger": Operation(before=all_of(append("one"), append("two")), act=append("three")),
}
TYPICAL = (
    "put in parts",
    "get in pieces",
    "overwrite",
    "exchange",
    "append to an empty ledger",
    "append to the ledger",
)
"""For faults that take long."""


def contents(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def state(store: Store) -> dict[str, str]:
    """All that a store holds: every document, and every artifact, whose bytes are checked.

    But for the ledger's hint, which a statement does without.
    """
    found = {key: store.read(key) or "" for key in store.keys("") if key != ledger.HINT}
    for key in found:
        if key.startswith("manifests/"):
            store.verify(key.removeprefix("manifests/").removesuffix(".json"))
    return found


def own_key(folder: Path) -> Path:
    """A signing key for the ledger."""
    path = folder / "machine.pem"
    make_key(path)
    return path
