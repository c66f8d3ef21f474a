"""Checkpoints of a stage in the store: each a content-addressed artifact, found by the stage's key and step."""

import json
from pathlib import Path

from rlvr.store import Store


class Checkpoints:
    """Checkpoints of one stage execution, identified by its key, so that a restarted stage finds its own."""

    def __init__(self, store: Store, key: str) -> None:
        self.store, self.prefix = store, f"checkpoints/{key}/"

    def save(self, step: int, folder: Path) -> None:
        """Publish `folder` as the checkpoint after `step` steps, then drop older ones."""
        manifest = self.store.put(folder)
        self.store.write(f"{self.prefix}{step:09d}.json", json.dumps({"digest": manifest.digest}), overwrite=True)
        self.drop(before=step)

    def latest(self) -> tuple[int, Path] | None:
        """The newest checkpoint as (steps done, folder), its digests verified; None when there is none."""
        keys = self.store.keys(self.prefix)
        if not keys:
            return None
        document = self.store.read(keys[-1])
        assert document is not None, f"{keys[-1]} was listed but cannot be read"
        return int(keys[-1].removeprefix(self.prefix).removesuffix(".json")), self.store.get(
            json.loads(document)["digest"]
        )

    def drop(self, before: int | None = None) -> None:
        """Remove checkpoints before a step; all of them when `before` is None."""
        for key in self.store.keys(self.prefix):
            step = int(key.removeprefix(self.prefix).removesuffix(".json"))
            if before is None or step < before:
                document = self.store.read(key)
                self.store.remove(key)
                if document is not None:
                    self.store.discard(json.loads(document)["digest"])
