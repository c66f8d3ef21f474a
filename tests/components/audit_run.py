"""A small audit with something of everything: a chain of stages, a damaged file, a lost artifact, and an approval."""

from pathlib import Path

import pytest

from rlvr.launch.work import Work
from rlvr.lineage import ledger
from rlvr.lineage.audit import verify
from rlvr.lineage.graph import Graph
from rlvr.lineage.keys import make_key, read_signer, trusted
from rlvr.lineage.ledger_reader import read_ledger
from rlvr.lineage.record import Telling, attest, now
from rlvr.lineage.statement import Checked, Resource, approval
from rlvr.report.audit_page import build
from rlvr.store import LocalStore

STAGES = (
    ("ingest", (), ("rows",)),
    ("ingest tests", (), ("tests",)),
    ("verify", ("rows", "tests"), ("accepted", "verdict")),
    ("base", (), ("base",)),
    ("a cold start with a rather long name", ("accepted", "base"), ("started", "first log")),
    ("grpo", ("accepted", "started", "first log"), ("model", "log")),
)
"""Name, what it reads and what it makes."""


def make_audit(root: Path) -> Path:
    """The page of a model with every kind of finding, approvals, and names that are too long."""
    with pytest.MonkeyPatch.context() as patch:
        make_key(root / "keys" / "machine.pem")
        make_key(root / "keys" / "approvers" / "ada.pem")
        for name, value in {
            "RLVR_SIGNING_KEY": root / "keys" / "machine.pem", "RLVR_TRUSTED_KEYS": root / "keys",
            "RLVR_IMAGE": f"registry.example/with/a/long/path/rlvr-train@sha256:{'1' * 64}", "RLVR_RUN": "run-7",
        }.items():  # fmt: skip
            patch.setenv(name, str(value))
        store, digests = LocalStore(root / "store"), {}
        for label, read, made in STAGES:
            for name in made:
                (root / name).mkdir()
                (root / name / "content.txt").write_text(name)
                digests[name] = store.put(root / name).digest
            work = Work(
                stage=f"rlvr.somewhere:{label}", label=label, code="d" * 64, outputs=tuple(made),
                parameters={"steps": 500, "prompt": "Count the items. " * 30, "seed": 0},
                inputs={name: digests[name] for name in read},
            )  # fmt: skip
            source = Resource(
                name="sums/data/train-00000-of-00042-with-a-long-name.parquet", digest={"sha256": "e" * 64},
                uri=f"hub:someone/sums@{'a' * 40}/data/train-00000-of-00042-with-a-long-name.parquet",
                annotations={"licence": "cc-by-4.0"},
            )  # fmt: skip
            open_source = Resource(name="mine", uri="/a/folder/that/nothing/pins")
            told = Telling(
                origins=(lambda *_, found=source if read else open_source: [found]) if label != "verify" else None,
                outcome=lambda *_: Checked(result="WARNED", passed=("a",), warned=("b",), numbers={"rows_in": 3}),
                about=made[0],
            )
            attest(store, work, outputs={name: digests[name] for name in made}, started=now(), telling=told)
        about = Resource(name="model", digest={"sha256": digests["model"]})
        said = approval(about, "Ada", "looked at fifty replies", ["approved"], now())
        ledger.append(store, said, read_signer(root / "keys" / "approvers" / "ada.pem"))
        store.discard(digests["base"])
        path = store.root / "artifacts" / digests["rows"] / "content.txt"
        path.chmod(0o644)
        path.write_text("ROWS")
        history = read_ledger(store, trusted())
        verdict = verify(store, history, trusted(), digests["model"])
        assert {finding.severity for finding in verdict.findings} == {"failure", "warning"}
        return build(Graph(history.entries), verdict, root / "audit.html", "s3://a-bucket/with/a/prefix")
