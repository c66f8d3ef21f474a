"""Several processes that publish, bring, replace and record at once; some of them die in the middle."""

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from operations import PART_BYTES, Place, contents, own_key
from s3_proxy import Proxy
from table import record, seeds

from rlvr.lineage import ledger
from rlvr.store import LocalStore, Store
from rlvr.store.limits import Limits
from rlvr.store.s3 import S3Store

WRITERS = 4
PROCESS = """
import json, os, random, signal, sys, threading, time
from pathlib import Path
from rlvr.lineage import ledger
from rlvr.lineage.keys import signer
from rlvr.store import LocalStore
from rlvr.store.limits import Limits
from rlvr.store.s3 import S3Store

kind, place, part_bytes, small, large, number, seed = sys.argv[1:]
if kind == "local":
    store = LocalStore(Path(place))
else:
    store = S3Store(bucket="models", prefix=place, limits=Limits(connections=3, part_bytes=int(part_bytes)))
chance = random.Random(f"{seed} {number}")
if chance.random() < 0.5:  # kill -9 at any moment
    threading.Timer(chance.uniform(0, 0.5), lambda: os.kill(os.getpid(), signal.SIGKILL)).start()
for turn in range(3):
    for folder in (large, small):
        digest = store.put(Path(folder)).digest
        store.verify(digest)
        store.get(digest)
    ledger.append(store, {"writer": number, "turn": turn}, signer())
    won = store.exchange("champions/a.json", "old", number)
    if won:
        print(number, flush=True)
os._exit(0)
"""


@pytest.fixture(params=["local", "s3"])
def store(
    request: pytest.FixtureRequest, proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Store]:
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
    monkeypatch.setenv("RLVR_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("RLVR_SIGNING_KEY", str(own_key(tmp_path)))
    if request.param == "local":
        yield LocalStore(tmp_path / "store")
        return
    store = S3Store(bucket="models", prefix=tmp_path.name, limits=Limits(part_bytes=PART_BYTES))
    yield store
    store.bucket.client.close()


@pytest.mark.parametrize("seed", seeds(short=1, full=10))
def test_writers_at_once(store: Store, tmp_path: Path, seed: int) -> None:
    place = Place.make(tmp_path / "place")
    store.write("champions/a.json", "old")
    kind, where = ("local", str(store.root)) if isinstance(store, LocalStore) else ("s3", tmp_path.name)
    arguments = [kind, where, str(PART_BYTES), str(place.small), str(place.large)]
    processes = [
        subprocess.Popen([sys.executable, "-c", PROCESS, *arguments, str(number), str(seed)], stdout=subprocess.PIPE)
        for number in range(WRITERS)
    ]
    ends = [(process.communicate()[0].decode().split(), process.returncode) for process in processes]
    assert {code for _, code in ends} <= {0, -9}
    won = [number for printed, _ in ends for number in printed]
    champion = store.read("champions/a.json")
    for name in ("small", "large"):  # whoever died left nothing that is in the way
        assert store.put(getattr(place, name)).digest == place.digest(name)
        store.verify(place.digest(name))
        assert contents(store.get(place.digest(name))) == contents(getattr(place, name))
    numbers = [int(key[7:19]) for key in store.keys("ledger/0")]
    finished = sum(code == 0 for _, code in ends)
    lost = len(won) > 1 or (won and won != [champion]) or numbers != list(range(1, len(numbers) + 1))
    lost = lost or len(numbers) < 3 * finished
    record("object store", f"{WRITERS} writers at once, some killed ({kind})", tried=1, lost=bool(lost))
    assert len(won) <= 1 and won in ([], [champion]) and champion in ("old", *map(str, range(WRITERS)))
    assert numbers == list(range(1, len(numbers) + 1)) and len(numbers) >= 3 * finished
    for number in numbers[1:]:
        before, text = store.read(ledger.key(number - 1)), store.read(ledger.key(number))
        assert before and text and ledger.text_digest(before) in _payload(text)


def _payload(envelope: str) -> str:
    return base64.b64decode(json.loads(envelope)["payload"]).decode()
