"""Checkpoints of a stage in the store: each a content-addressed artifact, found by the stage's key and step.

checkpoints/<key>/<step>.json   {"digest": "ab12...", "state": "saved"}      saving -> saved -> dropped -> gone

A small document names the files before they are published and until they are removed, so that a process that is killed
in between leaves nothing behind that nobody knows of. Only a saved checkpoint counts; older ones go once a newer one is
saved. One whose files are not what was saved is refused; it is passed over for an older one only where the caller asks
for that.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from rlvr.errors import RlvrError
from rlvr.store import Store
from rlvr.store.keys import checked_digest

T = TypeVar("T")


class Checkpoints:
    """Checkpoints of one stage execution, identified by its key, so that a restarted stage finds its own."""

    def __init__(self, store: Store, key: str) -> None:
        self.store, self.key, self.prefix = store, key, f"checkpoints/{key}/"

    def save(self, step: int, folder: Path, kept: int = 1) -> None:
        """Publish `folder` as the checkpoint after `step` steps, then drop all but the newest `kept`."""
        key = self._key(step)
        if (before := self.store.read(key)) is not None:
            self._remove(key, before)  # of a process that was killed meanwhile, or does the same work beside this one
        digest = self.store.put(folder, lambda digest: self._write(key, digest, "saving")).digest
        self._write(key, digest, "saved")
        for newest in [step for step, _ in self._there()][-kept:][:1]:
            self.drop(before=newest)

    def latest(self, damaged: Callable[[str], None] | None = None) -> tuple[int, Path] | None:
        """The newest checkpoint as (steps done, folder), every byte verified; None when there is none.

        `RlvrError` names a checkpoint that does not verify, with its file and what to do. With `damaged` it is removed
        instead, `damaged` is told, and the one before it is taken.
        """
        while there := self._there():
            step, document = there[-1]
            try:
                if (told := _told(document)) is None:
                    raise RlvrError("the document is damaged (it names no checkpoint).")
                self.store.verify(told[0])
                return step, self.store.get(told[0])
            except RlvrError as error:
                if self.store.read(self._key(step)) != document:
                    continue  # a process that does the same work at the same time has gone further
                older = f"the checkpoint after step {there[-2][0]}" if there[1:] else "the stage's start"
                problem = (
                    f"The checkpoint after step {step} ({self._key(step)} in {self.store.url}) does not verify: {error}"
                )
                if damaged is None:
                    raise RlvrError(
                        f"{problem} To go on from {older} instead, remove that document from the store, or set "
                        f"faults.damaged_checkpoint=older, and run again."
                    ) from error
                self._remove(self._key(step), document)
                damaged(f"{problem} Going on from {older}.")
        return None

    def restore(self, load: Callable[[int, Path], T]) -> T | None:
        """What `load` makes of the newest checkpoint, given as steps done and folder; None when there is none.

        One that vanishes while it is read was dropped by another process that does the same work and is further: the
        newest one is taken again.
        """
        while found := self.latest():
            try:
                return load(*found)
            except OSError:
                if self.has(found[0]):
                    raise
        return None

    def has(self, step: int) -> bool:
        """Whether there is a checkpoint after `step` steps."""
        return step in (there for there, _ in self._there())

    def drop(self, before: int | None = None) -> None:
        """Remove checkpoints before a step; all of them when `before` is None."""
        for key in self.store.keys(self.prefix):
            if (before is None or self._step(key) < before) and (document := self.store.read(key)) is not None:
                self._remove(key, document)

    def _there(self) -> list[tuple[int, str]]:
        """Steps and documents of the checkpoints that are saved, in order; a damaged document counts."""
        documents = [(self._step(key), self.store.read(key)) for key in self.store.keys(self.prefix)]
        return [
            (step, document)
            for step, document in documents
            if document is not None and ((told := _told(document)) is None or told[1] == "saved")
        ]

    def _remove(self, key: str, document: str) -> None:
        """Remove a checkpoint: first it counts no more, then its files go, then the document that names them."""
        if (told := _told(document)) is not None:
            self._write(key, told[0], "dropped")
            others = (self.store.read(other) for other in self.store.keys(self.prefix) if other != key)
            if told[0] not in (named[0] for other in others if other is not None and (named := _told(other))):
                self.store.discard(told[0])
        self.store.remove(key)

    def _write(self, key: str, digest: str, state: str) -> None:
        self.store.write(key, json.dumps({"digest": digest, "state": state}), overwrite=True)

    def _key(self, step: int) -> str:
        return f"{self.prefix}{step:09d}.json"

    def _step(self, key: str) -> int:
        return int(key.removeprefix(self.prefix).removesuffix(".json"))


def _told(document: str) -> tuple[str, str] | None:
    """Digest and state of a checkpoint, as its document tells; None when it is damaged."""
    try:
        told = json.loads(document)
        return checked_digest(str(told["digest"])), str(told["state"])
    except (RlvrError, ValueError, KeyError, TypeError):
        return None
