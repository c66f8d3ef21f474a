"""The ledger at 100,000 statements: seconds to append, to verify and index it whole, and to ask for an impact.

python tests/speed/ledger.py [--statements 100000]
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

from rlvr.lineage import ledger
from rlvr.lineage.envelope import sealed
from rlvr.lineage.graph import Graph
from rlvr.lineage.history import read
from rlvr.lineage.impact import impact
from rlvr.lineage.keys import make_key, signer, trusted
from rlvr.lineage.statement import Execution, Resource, provenance
from rlvr.store import LocalStore

WIDTH = 10
"""Statements that read the output of one: data sets feed many models."""


def statement(number: int) -> dict:
    """Stage `number`, which read the output of an earlier one."""
    made = [Resource(name="model", digest={"sha256": f"{number:064x}"})]
    read_ = [
        Resource(name="rows", digest={"sha256": f"{number // WIDTH:064x}"}),
        Resource(name="code", digest={"sha256": "d" * 64}),
    ]
    execution = Execution(
        stage="rlvr.rl.train:train", label="grpo", parameters={"stage": {"steps": 500, "name": "grpo"}},
        key=f"{number:064x}", builder="urn:rlvr:local", run="", started="2026-01-01T00:00:00.000Z",
        finished="2026-01-01T01:00:00.000Z", environment={"python": "3.11", "processors": 2},
    )  # fmt: skip
    return provenance(made, execution, read_)


def main() -> None:
    """Build a ledger in a temporary folder and time the questions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--statements", type=int, default=100_000)
    count = parser.parse_args().statements
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        make_key(folder / "keys" / "machine.pem")
        os.environ["RLVR_SIGNING_KEY"] = str(folder / "keys" / "machine.pem")
        os.environ["RLVR_TRUSTED_KEYS"] = str(folder / "keys")
        store, key = LocalStore(folder / "store"), signer()
        start, appended = time.perf_counter(), min(count, 500)
        for number in range(1, appended + 1):
            ledger.append(store, statement(number), key)
        print(f"append: {(time.perf_counter() - start) / appended * 1e3:.1f} ms a statement", flush=True)
        before = ledger.text_digest(store.read(ledger.key(appended)) or "")
        for number in range(appended + 1, count + 1):  # the same texts, written without the store's care
            told = {**statement(number), ledger.PLACE: {"index": number, "previous": before}}
            text = sealed(told, key)
            (store.root / ledger.key(number)).write_text(text)
            before = ledger.text_digest(text)
        start = time.perf_counter()
        history = read(ledger.entries(store), trusted())
        checked = time.perf_counter()
        graph = Graph(history.entries)
        indexed = time.perf_counter()
        found = impact(store, graph, history.entries, f"{7:064x}")
        asked = time.perf_counter()
        assert not history.findings and len(history.entries) == count
        print(
            f"{count:,} statements: read and verify {checked - start:.1f} s, index {indexed - checked:.1f} s, "
            f"impact query {asked - indexed:.3f} s ({len(found.steps):,} statements found)"
        )


if __name__ == "__main__":
    main()
