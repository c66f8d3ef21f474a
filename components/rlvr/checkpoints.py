"""Checkpoints of a stage in the store: each a content-addressed artifact, found by the stage's key and step.

A checkpoint appears whole or not at all: its files are published first, then the small document that names them, and
only then do older ones go. One whose files are not what was saved is refused, never passed over for an older one.
"""

import json
from pathlib import Path

from rlvr.errors import RlvrError
from rlvr.store import Store


class Checkpoints:
    """Checkpoints of one stage execution, identified by its key, so that a restarted stage finds its own."""

    def __init__(self, store: Store, key: str) -> None:
        self.store, self.key, self.prefix = store, key, f"checkpoints/{key}/"

    def save(self, step: int, folder: Path) -> None:
        """Publish `folder` as the checkpoint after `step` steps, then drop older ones."""
        manifest = self.store.put(folder)
        self.store.write(f"{self.prefix}{step:09d}.json", json.dumps({"digest": manifest.digest}), overwrite=True)
        self.drop(before=step)

    def latest(self) -> tuple[int, Path] | None:
        """The newest checkpoint as (steps done, folder), every byte verified; None when there is none.

        `RlvrError` names a checkpoint that does not verify, with its file and what to do.
        """
        keys = self.store.keys(self.prefix)
        if not keys:
            return None
        step = self._step(keys[-1])
        try:
            digest = self._digest(keys[-1])
            self.store.verify(digest)
            return step, self.store.get(digest)
        except RlvrError as error:
            older = f"from the checkpoint after step {self._step(keys[-2])}" if keys[1:] else "from the stage's start"
            raise RlvrError(
                f"The checkpoint after step {step} ({keys[-1]} in {self.store.url}) does not verify: {error} "
                f"To go on {older} instead, remove that document from the store and run again."
            ) from error

    def drop(self, before: int | None = None) -> None:
        """Remove checkpoints before a step; all of them when `before` is None."""
        keys = self.store.keys(self.prefix)
        old = [key for key in keys if before is None or self._step(key) < before]
        kept = {self.store.read(key) for key in keys if key not in old}
        for key in old:
            document = self.store.read(key)
            self.store.remove(key)
            if document is not None and document not in kept:
                self.store.discard(json.loads(document)["digest"])

    def _step(self, key: str) -> int:
        return int(key.removeprefix(self.prefix).removesuffix(".json"))

    def _digest(self, key: str) -> str:
        try:
            return str(json.loads(self.store.read(key) or "")["digest"])
        except (ValueError, KeyError, TypeError) as error:
            raise RlvrError(f"the document is damaged ({type(error).__name__}).") from error
