"""Transfers that broke off go on from where they were, whoever broke them off: the network, or kill -9."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from operations import LARGE, PART_BYTES, Place, contents
from s3_proxy import Hold, Proxy, reset_in_answer, reset_in_request
from table import record, seeds

from rlvr.errors import RlvrError
from rlvr.store import LocalStore
from rlvr.store.limits import Limits
from rlvr.store.s3 import S3Store

LIMITS = Limits(attempts=2, wait_seconds=0.01, connections=3, part_bytes=PART_BYTES)
PARTS = sum(-(-len(data) // PART_BYTES) for data in LARGE.values() if len(data) > PART_BYTES)

ANOTHER_PROCESS = """
import sys
from pathlib import Path
from rlvr.store.limits import Limits
from rlvr.store.s3 import S3Store

store = S3Store(bucket="models", prefix=sys.argv[1], limits=Limits(connections=3, part_bytes=int(sys.argv[2])))
store.put(Path(sys.argv[4])) if sys.argv[3] == "put" else store.get(sys.argv[4])
"""


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place.make(tmp_path / "place")


@pytest.fixture
def store(proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Store]:
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("RLVR_CACHE", str(tmp_path / "cache"))
    proxy.calm()
    store = S3Store(bucket="models", prefix=tmp_path.name, limits=LIMITS)
    yield store
    proxy.calm()
    store.bucket.client.close()


@pytest.fixture
def cache(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "cache")


def begun(cache: LocalStore) -> dict[str, int]:
    """Bytes of the files that a broken-off download has left."""
    found = (cache.root / ".staging").rglob("files/**/*")
    return {path.name: path.stat().st_size for path in found if path.is_file()}


def fetched(proxy: Proxy) -> int:
    return sum(
        request.startswith("GET") and "/artifacts/" in request and "?" not in request for request in proxy.requests
    )


def pieces_left(cache: LocalStore) -> int:
    """Requests that the files need for what is not there of them."""
    there = begun(cache)
    rest = (len(data) - there.get(name, 0) for name, data in LARGE.items())
    return sum(-(-bytes_left // PART_BYTES) for bytes_left in rest)


@pytest.mark.parametrize("seed", seeds(short=3, full=11))
def test_a_download_goes_on(store: S3Store, proxy: Proxy, place: Place, cache: LocalStore, seed: int) -> None:
    """Broken off at each of its requests for files; seed 1 is near the end."""
    digest = store.put(place.large).digest
    proxy.upset(reset_in_answer, 2 + (5, 9, 0, 1, 2, 3, 4, 6, 7, 8, 10)[seed])
    with pytest.raises(RlvrError, match="run the command again"):
        store.get(digest)
    left = pieces_left(cache)
    proxy.calm()
    back = contents(store.get(digest))
    lost = back != contents(place.large) or fetched(proxy) > left
    record("object store", "download broken off", tried=1, repeated=not lost, lost=lost)
    assert back == contents(place.large)
    assert fetched(proxy) == left
    assert list((cache.root / ".staging").iterdir()) == []


def test_of_what_is_there_only_sound_bytes_are_kept(
    store: S3Store, proxy: Proxy, place: Place, cache: LocalStore
) -> None:
    """A machine that failed may have left zeros in the beginning of a file, or a file too long."""
    digest = store.put(place.large).digest
    for spoil in (lambda data: bytes(len(data)), lambda data: data + bytes(1 << 20), lambda data: b"x" + data[1:]):
        proxy.upset(reset_in_answer, 10)
        with pytest.raises(RlvrError, match="run the command again"):
            store.get(digest)
        proxy.calm()
        assert begun(cache)
        for path in (cache.root / ".staging").rglob("files/**/*"):
            if path.is_file():
                path.write_bytes(spoil(path.read_bytes()))
        back = contents(store.get(digest))
        lost = back != contents(place.large)
        record("object store", "partial download spoilt on the disk", tried=1, lost=lost)
        assert not lost
        cache.discard(digest)


@pytest.mark.parametrize("seed", seeds(short=3, full=11))
def test_an_upload_goes_on(store: S3Store, proxy: Proxy, place: Place, s3_server: str, seed: int) -> None:
    """What the bucket holds of it, files and parts of files, is not sent again."""
    assert PARTS == 10
    proxy.upset(reset_in_request, 5 + (4, 8, 0, 1, 2, 3, 5, 6, 7, 9, 10)[seed])
    with pytest.raises(RlvrError, match="run the command again"):
        store.put(place.large)
    proxy.calm()
    digest = place.digest("large")
    assert not store.has(digest)
    uploads = store.bucket.client.list_multipart_uploads(Bucket="models", Prefix=store.bucket.prefix).get("Uploads", [])
    there = {
        (upload["Key"].rpartition("/")[2], str(part["PartNumber"]))
        for upload in uploads
        for part in store.bucket.client.list_parts(Bucket="models", Key=upload["Key"], UploadId=upload["UploadId"]).get(
            "Parts", []
        )
    }
    whole = {found.key.rpartition("/")[2] for found in store.bucket.listing(f"artifacts/{digest}/")}
    everything = {
        (name, str(number + 1))
        for name, data in LARGE.items()
        if len(data) > PART_BYTES and name not in whole
        for number in range(-(-len(data) // PART_BYTES))
    }
    proxy.calm()
    store.put(place.large)
    again = {
        (name, number)
        for request in proxy.requests
        for name, number in re.findall(r"^PUT .*/([^/?]+)\?.*partNumber=(\d+)", request)
    }
    store.verify(digest)
    lost = again != everything - there
    record("object store", "upload broken off", tried=1, repeated=not lost, lost=lost)
    assert again == everything - there
    assert "Uploads" not in store.bucket.client.list_multipart_uploads(Bucket="models", Prefix=store.bucket.prefix)


@pytest.mark.parametrize("what", ["put", "get"])
@pytest.mark.parametrize("seed", seeds(short=1, full=9))
def test_a_killed_transfer_goes_on(
    store: S3Store, proxy: Proxy, place: Place, cache: LocalStore, what: str, seed: int
) -> None:
    """kill -9 while a request is on its way."""
    digest = store.put(place.large).digest if what == "get" else place.digest("large")
    hold = Hold()
    proxy.upset(hold, (9, 2, 3, 4, 5, 6, 7, 8, 10)[seed])
    subject = digest if what == "get" else str(place.large)
    process = subprocess.Popen(
        [sys.executable, "-c", ANOTHER_PROCESS, store.bucket.prefix.strip("/"), str(PART_BYTES), what, subject]
    )
    try:
        assert hold.reached.wait(120)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    finally:
        process.kill()
        hold.released.set()
    proxy.calm()
    assert not (store.has(digest) if what == "put" else cache.has(digest))
    store.put(place.large)
    store.verify(digest)
    back = contents(store.get(digest))
    lost = back != contents(place.large)
    record(
        "object store",
        f"kill -9 in a{' download' if what == 'get' else 'n upload'}",
        tried=1,
        repeated=1 - lost,
        lost=lost,
    )
    assert not lost
    assert list((cache.root / ".staging").iterdir()) == []


def test_abandoned_uploads_are_thrown_away(store: S3Store, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    client, key = store.bucket.client, f"{store.bucket.prefix}artifacts/{'0' * 64}/model.safetensors"
    names = [client.create_multipart_upload(Bucket="models", Key=key)["UploadId"] for _ in range(2)]
    client.upload_part(Bucket="models", Key=key, UploadId=names[0], PartNumber=1, Body=b"x")

    def waiting() -> list[str]:
        found = client.list_multipart_uploads(Bucket="models", Prefix=store.bucket.prefix).get("Uploads", [])
        return [upload["UploadId"] for upload in found]

    store.put(place.large)
    assert sorted(waiting()) == sorted(names)  # its part is fresh: somebody may be at work on it
    monkeypatch.setattr("rlvr.store.s3_multipart.STALE", timedelta(seconds=-60))
    store.discard(store.put(place.large).digest)
    store.put(place.large)
    assert waiting() == [names[1]]  # what has no parts costs nothing
