"""A store with a ledger that tests add to."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from rlvr.launch.work import Work
from rlvr.lineage import ledger
from rlvr.lineage.history import History
from rlvr.lineage.keys import make_key, trusted
from rlvr.lineage.ledger_reader import read_ledger
from rlvr.lineage.record import Telling, attest
from rlvr.store import LocalStore, Store

IMAGE = f"registry.example/rlvr-train@sha256:{'1' * 64}"
COMMIT = "c" * 40


@dataclass
class Story:
    """A store with a ledger, and how to add to it."""

    store: Store
    folder: Path
    digests: dict[str, str]

    @classmethod
    def begin(cls, folder: Path, patch: pytest.MonkeyPatch, store: Store | None = None) -> "Story":
        """Nothing in the store yet; stages sign with a key of `folder`, which the auditor trusts."""
        make_key(folder / "keys" / "machine.pem")
        patch.setenv("RLVR_SIGNING_KEY", str(folder / "keys" / "machine.pem"))
        patch.setenv("RLVR_TRUSTED_KEYS", str(folder / "keys"))
        return cls(store=store or LocalStore(folder / "store"), folder=folder, digests={})

    def artifact(self, name: str, text: str) -> str:
        """Publish an artifact of one file."""
        folder = self.folder / name
        folder.mkdir()
        (folder / "content.txt").write_text(text)
        self.digests[name] = self.store.put(folder).digest
        return self.digests[name]

    def stage(
        self, label: str, inputs: dict[str, str], outputs: dict[str, str], telling: Telling | None = None,
        *, steps: int = 3,
    ) -> Work:  # fmt: skip
        """What a stage would say of itself; `inputs` and `outputs` map arguments to names of artifacts."""
        work = Work(
            stage=f"somewhere:{label}", parameters={"steps": steps, "seed": 0}, code="d" * 64, label=label,
            inputs={argument: self.digests[name] for argument, name in inputs.items()}, outputs=tuple(outputs),
        )  # fmt: skip
        made = {argument: self.digests[name] for argument, name in outputs.items()}
        started = "2026-01-01T00:00:00.000Z"
        attest(self.store, work, outputs=made, started=started, telling=telling or Telling())
        return work

    def history(self) -> History:
        """The ledger as the auditor of this machine's key reads it."""
        return read_ledger(self.store, trusted())

    def document(self, index: int) -> Path:
        """The file of a statement."""
        return self.store.root / ledger.key(index)

    def payload(self, index: int) -> dict:
        """What a statement says, unchecked."""
        import base64

        return json.loads(base64.b64decode(json.loads(self.document(index).read_text())["payload"]))
