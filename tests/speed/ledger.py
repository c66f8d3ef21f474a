"""The ledger at 100,000 statements: seconds to append, to read, verify and index it whole, and to ask for impacts.

python tests/speed/ledger.py [--statements 100000] [--s3]

With --s3 the statements lie in a bucket of the server beside this file, which takes processor time of the same machine.
Each statement is of 2,300 characters, as a training signs it, and reads what an earlier one made. Memory is the peak of
the process that asks; those that check signatures hold some hundred statements at a time. The processor time is of all
processes together: on a busy machine it says more than the clock.
"""

import argparse
import hashlib
import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

from s3_server import Object, Server

from rlvr.lineage import ledger
from rlvr.lineage.envelope import sealed
from rlvr.lineage.graph import Graph
from rlvr.lineage.impact import impact
from rlvr.lineage.keys import make_key, signer, trusted
from rlvr.lineage.ledger_reader import read_ledger
from rlvr.lineage.statement import Execution, Resource, provenance
from rlvr.store import LocalStore, Store, open_store

WIDTH = 10
"""Statements that read the output of one: data sets feed many models."""
CODE, COMMIT, IMAGE = "d" * 64, "c" * 40, f"registry.example/rlvr-train@sha256:{'1' * 64}"


def statement(number: int) -> dict:
    """Stage `number`, which read the output of an earlier one."""
    facts = {"bytes": 7_000_000_000, "files": 12, "tables": []}
    made = [Resource(name="model", digest={"sha256": f"{number:064x}"}, annotations=facts)]
    read_ = [
        Resource(name="rows", digest={"sha256": f"{number // WIDTH:064x}"}),
        Resource(
            name="sums/train.parquet", digest={"sha256": f"{number % 97:064x}"}, uri=f"hub:someone/sums@{'a' * 40}/t",
            annotations={"licence": "cc-by-4.0" if number % 1000 == 7 else "apache-2.0"},
        ),
        Resource(name="code", digest={"sha256": CODE, "gitCommit": COMMIT}),
        Resource(name="image", digest={"sha256": IMAGE[-64:]}, uri=IMAGE),
    ]  # fmt: skip
    settings = {f"setting_{name}": number for name in range(40)}
    execution = Execution(
        stage="rlvr.rl.train:train", label="grpo", parameters={"stage": {"steps": 500, "name": "grpo", **settings}},
        key=f"{number:064x}", builder="urn:rlvr:kubernetes:kubeflow:pipeline-runner", run=f"run-{number}",
        started="2026-01-01T00:00:00.000Z", finished="2026-01-01T01:00:00.000Z",
        environment={"python": "3.11", "processors": 2, "torch": "2.13.0", "accelerator": "NVIDIA H100 80GB HBM3"},
    )  # fmt: skip
    return provenance(made, execution, read_)


def build(store: LocalStore, count: int) -> None:
    """Append some statements and say how long that takes; then write the rest without the store's care."""
    key, appended = signer(), min(count, 300)
    start = time.perf_counter()
    for number in range(1, appended + 1):
        ledger.append(store, statement(number), key)
    print(f"append: {(time.perf_counter() - start) / appended * 1e3:.1f} ms a statement", flush=True)
    before = ledger.text_digest(store.read(ledger.key(appended)) or "")
    for number in range(appended + 1, count + 1):
        text = sealed({**statement(number), ledger.PLACE: {"index": number, "previous": before}}, key)
        (store.root / ledger.key(number)).write_text(text)
        before = ledger.text_digest(text)
    store.write(ledger.HINT, f'{{"index": {count}}}', overwrite=True)


@contextmanager
def in_bucket(store: LocalStore) -> Iterator[Store]:
    """The same documents in a bucket of a server that runs meanwhile."""
    mine, servers = multiprocessing.Pipe()
    process = multiprocessing.Process(target=_serve, args=(store.root, servers), daemon=True)
    process.start()
    os.environ |= {"AWS_ENDPOINT_URL": mine.recv(), "AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "secret"}
    os.environ |= {"AWS_DEFAULT_REGION": "us-east-1", "RLVR_CACHE": str(store.root.parent / "cache")}
    yield open_store("s3://speed/store")
    process.terminate()
    process.join()


def _serve(root: Path, told: Connection) -> None:
    with Server(root.parent) as server:
        for path in sorted((root / ledger.FOLDER).iterdir()):
            data = path.read_bytes()
            notes = {"x-amz-meta-sha256": hashlib.sha256(data).hexdigest()}
            made = Object(etag=f'"{path.name}"', files=[(str(path), len(data))], notes=notes)
            server.objects[f"store/{path.relative_to(root)}"] = made
        told.send("http://{}:{}".format(*server.server_address))
        server.serve_forever()


def ask(store: Store, count: int) -> None:
    """Read the ledger and time the questions."""
    start, before = time.perf_counter(), sum(os.times()[:4])
    history = read_ledger(store, trusted())
    checked, used = time.perf_counter(), sum(os.times()[:4]) - before
    graph = Graph(history.entries)
    indexed = time.perf_counter()
    assert not history.findings and len(history.entries) == count
    print(f"{count:,} statements on {len(os.sched_getaffinity(0))} processors: ", end="")
    print(f"read and verify {checked - start:.1f} s ({used:.1f} s of processor time), ", end="")
    print(f"index {indexed - checked:.1f} s, ", end="")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB", flush=True)
    for name in (f"{7:064x}", COMMIT, IMAGE, "cc-by-4.0", "hub:someone/sums"):
        start, before = time.perf_counter(), time.process_time()
        found = impact(store, graph, name)
        took, used = time.perf_counter() - start, time.process_time() - before
        print(f"impact of {found.kind:<8} {name[:24]:<24} {took:.3f} s ({used:.3f} s of processor time), ", end="")
        print(f"{len(found.steps):,} statements found")


def main() -> None:
    """Build a ledger in a temporary folder and time the questions."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--statements", type=int, default=100_000)
    parser.add_argument("--s3", action="store_true")
    given = parser.parse_args()
    count, bucket = given.statements, given.s3
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        make_key(folder / "keys" / "machine.pem")
        os.environ["RLVR_SIGNING_KEY"] = str(folder / "keys" / "machine.pem")
        os.environ["RLVR_TRUSTED_KEYS"] = str(folder / "keys")
        store = LocalStore(folder / "store")
        build(store, count)
        if bucket:
            with in_bucket(store) as remote:
                ask(remote, count)
        else:
            ask(store, count)


if __name__ == "__main__":
    main()
