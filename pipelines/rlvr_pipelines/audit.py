"""A store opened for an audit: its statements checked, its graph, and what this machine saw of it before."""

from dataclasses import dataclass
from pathlib import Path

from rich.progress import Progress

from rlvr.errors import RlvrError
from rlvr.lineage.artifact_name import artifact
from rlvr.lineage.audit import verify
from rlvr.lineage.finding import Finding
from rlvr.lineage.graph import Graph
from rlvr.lineage.history import History
from rlvr.lineage.keys import TrustedKeys, trusted
from rlvr.lineage.ledger_reader import read_ledger
from rlvr.lineage.witness import rolled_back
from rlvr.store import Store, open_store
from rlvr_pipelines.audit_view import print_findings
from rlvr_pipelines.kubeflow.connection import Address
from rlvr_pipelines.terminal import Console


@dataclass(frozen=True, kw_only=True, slots=True)
class Audited:
    """A store and what its ledger says."""

    store: Store
    """The store."""
    keys: TrustedKeys
    """Whom the auditor trusts."""
    history: History
    """Statements and what is wrong with the ledger."""
    graph: Graph
    """The statements, connected."""

    def artifact(self, name: str) -> str:
        """The digest that a name stands for."""
        return artifact(name, self.store, self.graph)


def audited(store: str, keys: Path | None, console: Console, witness: Path | None = None) -> Audited:
    """Open a store, read its ledger and compare it with what the witness saw of it last time."""
    place, known = open_store(store), trusted(keys)
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("Reading statements", total=None)
        history = read_ledger(
            place, known, advance=lambda done, count: progress.update(task, completed=done, total=count)
        )
    history = rolled_back(place, history, witness)
    return Audited(store=place, keys=known, history=history, graph=Graph(history.entries))


def accepted(name: str, store: str, keys: Path | None, done: str) -> tuple[Audited, str]:
    """An opened store and the digest of an artifact that stands up; `RlvrError` if it does not and cannot be `done`."""
    opened = audited(store, keys, Console(stderr=True))
    digest = opened.artifact(name)
    verdict = verify(opened.store, opened.history, opened.keys, digest)
    if not verdict.passed:
        print_findings(verdict.findings, Console())
        raise RlvrError(
            f"{digest[:12]} does not stand up, so it was not {done}; see `rlvr audit verify {digest[:12]}`."
        )
    return opened, digest


def cross_checked(graph: Graph, digest: str, address: Address) -> list[Finding]:
    """What Kubeflow Pipelines at `address` contradicts of the statements behind an artifact."""
    from rlvr_pipelines.kubeflow.connection import connect
    from rlvr_pipelines.kubeflow.cross_check import cross_check

    return cross_check(connect(address), [step.entry for step in graph.back(digest)])
