"""Whatever a process or a machine left behind that died while it wrote: it is not there for readers, nor in the way."""

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from operations import LARGE, Place, contents
from table import record

from rlvr.errors import RlvrError
from rlvr.store import LocalStore
from rlvr.store.limits import Limits
from rlvr.store.s3 import S3Store


def folder_of(store: LocalStore, digest: str) -> Path:
    return store.root / "artifacts" / digest


def lose_a_file(folder: Path) -> None:
    (folder / "config.json").unlink()


def shorten_a_file(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.chmod(0o644)
    os.truncate(path, path.stat().st_size // 2)


def fill_a_file_with_zeros(folder: Path) -> None:
    """What a file system may show after a loss of power: the size is there, the bytes are not."""
    path = folder / "model.safetensors"
    path.chmod(0o644)
    path.write_bytes(bytes(len(LARGE["model.safetensors"])))


def add_a_file(folder: Path) -> None:
    (folder / "model.safetensors.tmp").write_bytes(b"half")


def lose_all(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


SPOILS: list[Callable[[Path], None]] = [lose_a_file, shorten_a_file, fill_a_file_with_zeros, add_a_file, lose_all]


@pytest.mark.parametrize("spoil", SPOILS)
def test_a_half_written_folder(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    """A folder without a manifest, as it is between two renames; and not even whole."""
    store, place = LocalStore(tmp_path / "store"), Place.make(tmp_path / "place")
    digest = store.put(place.large).digest
    (store.root / "manifests" / f"{digest}.json").unlink()
    spoil(folder_of(store, digest))
    assert not store.has(digest)
    with pytest.raises(RlvrError, match="There is no artifact"):
        store.get(digest)
    store.put(place.large)
    lost = contents(store.get(digest)) != contents(place.large)
    record("object store", "half-written folder", tried=1, lost=lost)
    assert not lost
    store.verify(digest)


@pytest.mark.parametrize("length", range(0, 200, 40))
def test_a_half_written_manifest(tmp_path: Path, length: int) -> None:
    store, place = LocalStore(tmp_path / "store"), Place.make(tmp_path / "place")
    digest = store.put(place.large).digest
    path = store.root / "manifests" / f"{digest}.json"
    path.write_bytes(path.read_bytes()[:length])
    for ask in (store.get, store.verify, store.manifest):
        with pytest.raises(RlvrError, match="damaged"):
            ask(digest)
    store.discard(digest)
    store.put(place.large)
    store.verify(digest)
    record("object store", "half-written manifest", tried=1, repeated=1)


@pytest.mark.parametrize("seed", range(6))
def test_a_half_written_object(s3_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """Files of an artifact that another program cut short, changed or removed in the bucket, before and after the
    manifest."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server)
    monkeypatch.setenv("RLVR_CACHE", str(tmp_path / "cache"))
    store = S3Store(bucket="models", prefix=tmp_path.name, limits=Limits(wait_seconds=0.01))
    place, chance = Place.make(tmp_path / "place"), random.Random(seed)
    digest = store.put(place.large).digest
    name = chance.choice(sorted(LARGE))
    data = LARGE[name]
    body = (data[: len(data) // 2], data[:-1] + b"?", None)[seed % 3]
    key = f"{store.bucket.prefix}artifacts/{digest}/{name}"
    if body is None:
        store.bucket.client.delete_object(Bucket="models", Key=key)
    else:
        store.bucket.client.put_object(Bucket="models", Key=key, Body=body)
    for ask in (store.get, store.verify):
        with pytest.raises(RlvrError, match=f"damaged: the (bytes of the )?file '{name}'"):
            ask(digest)
    store.discard(digest)
    store.put(place.large)
    lost = contents(store.get(digest)) != contents(place.large)
    record("object store", "half-written object", tried=1, repeated=not lost, lost=lost)
    assert not lost
    store.bucket.client.close()
