"""What every store promises, held against a local folder and a real HTTP S3 server."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from moto.server import ThreadedMotoServer

from rlvr import canonical
from rlvr.errors import RlvrError
from rlvr.store import DocumentExistsError, LocalStore, Store, manifest_of, open_store
from rlvr.store.s3 import S3Store

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

FILES = {
    "config.json": b"{}",
    "weights/model-00001.safetensors": bytes(range(256)) * 40,
    "weights/tief/größe 大きさ 🙂.txt": "Höhe".encode(),
    "empty.txt": b"",
}


@pytest.fixture(scope="module")
def s3_client() -> Iterator["S3Client"]:
    """A client of a real server, shared because making one takes longer than most tests."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        patch.delenv("AWS_PROFILE", raising=False)
        client = S3Store(bucket="models").bucket.client
    client.create_bucket(Bucket="models")
    yield client
    client.close()
    server.stop()


@pytest.fixture(params=["local", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    if request.param == "local":
        return open_store(str(tmp_path / "store"))
    monkeypatch.setenv("RLVR_CACHE", str(tmp_path / "cache"))
    store = open_store("s3://models/" + hashlib.sha256(str(tmp_path).encode()).hexdigest()[:12])
    assert isinstance(store, S3Store)
    store.bucket.client = request.getfixturevalue("s3_client")
    return store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make(tmp_path / "folder", FILES)


def make(folder: Path, files: dict[str, bytes]) -> Path:
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def edit(store: Store, digest: str, path: str, data: bytes | None) -> None:
    """Tamper with a stored file behind the store's back; None removes it."""
    if isinstance(store, S3Store):
        key = f"{store.bucket.prefix}artifacts/{digest}/{path}"
        if data is None:
            store.bucket.client.delete_object(Bucket=store.bucket.name, Key=key)
        else:
            store.bucket.client.put_object(Bucket=store.bucket.name, Key=key, Body=data)
        return
    assert isinstance(store, LocalStore)
    target = store.root / "artifacts" / digest / path
    target.unlink(missing_ok=True)
    if data is not None:
        target.write_bytes(data)


# The contract of every store


def test_a_folder_comes_back_as_it_was(store: Store, folder: Path) -> None:
    manifest = store.put(folder)
    assert manifest == manifest_of(folder) == store.manifest(manifest.digest)
    assert store.has(manifest.digest)
    back = store.get(manifest.digest)
    assert contents(back) == FILES
    assert manifest_of(back) == manifest
    assert all(path.stat().st_mode & 0o777 == 0o444 for path in back.rglob("*") if path.is_file())
    store.verify(manifest.digest)
    assert store.keys("manifests/") == [f"manifests/{manifest.digest}.json"]


def test_putting_again_copies_nothing(store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = store.put(folder)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("copied again")

    monkeypatch.setattr(shutil, "copyfile", refuse)
    if isinstance(store, S3Store):
        monkeypatch.setattr(store.bucket.client, "put_object", refuse)
    assert store.put(folder) == manifest
    assert store.put(store.get(manifest.digest)) == manifest


def test_the_copy_is_independent_of_the_folder(store: Store, folder: Path) -> None:
    digest = store.put(folder).digest
    (folder / "config.json").write_bytes(b"{ }")
    shutil.rmtree(folder / "weights")
    assert contents(store.get(digest)) == FILES


@pytest.mark.parametrize("state", ["empty", "only directories", "absent", "a file"])
def test_folders_without_files_are_refused(store: Store, tmp_path: Path, state: str) -> None:
    folder = tmp_path / "results"
    if state == "a file":
        folder.write_text("x")
    elif state != "absent":
        (folder / "a/b" if state == "only directories" else folder).mkdir(parents=True)
    with pytest.raises(RlvrError, match="results"):
        store.put(folder)
    assert store.keys("") == []


def test_an_absent_artifact_names_digest_and_store(store: Store) -> None:
    digest = "0" * 64
    assert not store.has(digest)
    for ask in (store.get, store.manifest, store.verify):
        with pytest.raises(RlvrError, match=digest) as caught:
            ask(digest)
        assert store.url in str(caught.value)
    store.discard(digest)


@pytest.mark.parametrize("digest", ["", "../../etc", "A" * 64, "0" * 63])
def test_what_is_not_a_digest_is_refused(store: Store, digest: str) -> None:
    for ask in (store.get, store.manifest, store.has, store.discard):
        with pytest.raises(RlvrError, match="64 hexadecimal digits"):
            ask(digest)


@pytest.mark.parametrize("data", [None, b"", b"{}}", b"much longer than before"])
def test_a_file_of_another_size_is_named(store: Store, folder: Path, data: bytes | None) -> None:
    digest = store.put(folder).digest
    edit(store, digest, "config.json", data)
    with pytest.raises(RlvrError, match=r"is damaged: the file 'config\.json'") as caught:
        store.get(digest)
    assert digest in str(caught.value) and store.url in str(caught.value)
    store.put(folder)  # publishing again mends it
    assert contents(store.get(digest)) == FILES


def test_an_edited_byte_is_named(store: Store, folder: Path) -> None:
    digest = store.put(folder).digest
    edit(store, digest, "config.json", b"[]")
    with pytest.raises(RlvrError, match=r"bytes of the file 'config\.json'"):
        store.verify(digest)
    if isinstance(store, S3Store):
        with pytest.raises(RlvrError, match=r"bytes of the file 'config\.json'"):
            store.get(digest)
    store.discard(digest)
    store.put(folder)
    store.verify(digest)
    assert contents(store.get(digest)) == FILES


def test_an_extra_file_is_named(store: Store, folder: Path) -> None:
    digest = store.put(folder).digest
    edit(store, digest, "weights/evil.py", b"import os")
    for ask in (store.get, store.verify):
        with pytest.raises(RlvrError, match=r"'weights/evil\.py' is not in its manifest"):
            ask(digest)


@pytest.mark.parametrize("text", [b"", b"[]", b"null", b"\xff", b'{"digest":"D","files":{}}', b'{"files":{"../x":1}}'])
def test_a_damaged_manifest_is_refused(store: Store, folder: Path, text: bytes) -> None:
    digest = store.put(folder).digest
    if isinstance(store, S3Store):
        store.bucket.client.put_object(
            Bucket=store.bucket.name, Key=f"{store.bucket.prefix}manifests/{digest}.json", Body=text
        )
    elif isinstance(store, LocalStore):
        (store.root / "manifests" / f"{digest}.json").write_bytes(text)
    with pytest.raises(RlvrError, match=r"damaged.*re-running the stage"):
        store.get(digest)


def test_a_manifest_cannot_lead_outside(store: Store, folder: Path, tmp_path: Path) -> None:
    """A manifest whose digest fits its content but whose paths climb out of the folder."""
    files = {"../../stolen": {"sha256": hashlib.sha256(b"x").hexdigest(), "size": 1}}
    digest = canonical.digest(files)
    text = json.dumps({"digest": digest, "files": files})
    if isinstance(store, S3Store):
        store.bucket.client.put_object(
            Bucket=store.bucket.name, Key=f"{store.bucket.prefix}manifests/{digest}.json", Body=text.encode()
        )
    elif isinstance(store, LocalStore):
        make(store.root, {f"manifests/{digest}.json": text.encode()})
    with pytest.raises(RlvrError, match="stolen"):
        store.get(digest)
    assert not list(tmp_path.rglob("stolen"))


def test_discarding_leaves_the_others(store: Store, folder: Path, tmp_path: Path) -> None:
    kept = store.put(make(tmp_path / "kept", {"a": b"1"})).digest
    gone = store.put(folder).digest
    store.get(gone)
    store.discard(gone)
    assert not store.has(gone) and store.has(kept)
    with pytest.raises(RlvrError, match="There is no artifact"):
        store.get(gone)
    assert contents(store.get(kept)) == {"a": b"1"}
    store.discard(gone)
    assert store.keys("") == [f"manifests/{kept}.json"]
    assert contents(store.get(store.put(folder).digest)) == FILES


def test_a_large_file_round_trip(store: Store, tmp_path: Path) -> None:
    """20 MB goes through S3 in several parts, whose checksum is not that of the content."""
    data = hashlib.sha256(b"seed").digest() * (20 * 2**20 // 32) + b"tail"
    manifest = store.put(make(tmp_path / "large", {"model.safetensors": data}))
    assert manifest.files["model.safetensors"].sha256 == hashlib.sha256(data).hexdigest()
    assert (store.get(manifest.digest) / "model.safetensors").read_bytes() == data


def test_many_put_and_get_the_same_content(store: Store, folder: Path) -> None:
    def publish(_: int) -> tuple[str, dict[str, bytes]]:
        digest = store.put(folder).digest
        return digest, contents(store.get(digest))

    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(publish, range(12)))
    assert results == [(manifest_of(folder).digest, FILES)] * 12
    store.verify(results[0][0])


def test_a_folder_that_changes_meanwhile_is_not_published(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = shutil.copyfile

    def copy_slowly(source: Path, target: Path) -> None:
        original(source, target)
        (folder / "config.json").write_bytes(b"[]")

    monkeypatch.setattr(shutil, "copyfile", copy_slowly)
    if isinstance(store, S3Store):
        upload = store.bucket.client.put_object

        def upload_slowly(**request: Any) -> object:
            (folder / "config.json").write_bytes(b"[]")
            return upload(**request)

        monkeypatch.setattr(store.bucket.client, "put_object", upload_slowly)
    digest = manifest_of(folder).digest
    with pytest.raises(RlvrError, match=r"'config\.json' .* changed while"):
        store.put(folder)
    assert not store.has(digest) and store.keys("") == []
    if isinstance(store, LocalStore):
        assert contents(store.root) == {}


# Documents


def test_documents_are_written_once(store: Store) -> None:
    assert store.read("records/a.json") is None
    store.write("records/a.json", '{"ö":1}')
    store.write("records/a.json", '{"ö":1}')
    with pytest.raises(DocumentExistsError, match=r"records/a\.json") as caught:
        store.write("records/a.json", "other")
    assert isinstance(caught.value, RlvrError) and isinstance(caught.value, FileExistsError)
    assert store.url in str(caught.value)
    assert store.read("records/a.json") == '{"ö":1}'
    store.write("records/a.json", "other", overwrite=True)
    assert store.read("records/a.json") == "other"
    store.remove("records/a.json")
    store.remove("records/a.json")
    assert store.read("records/a.json") is None and store.keys("") == []


def test_line_ends_are_kept(store: Store) -> None:
    store.write("a.txt", "one\r\ntwo\n\n")
    assert store.read("a.txt") == "one\r\ntwo\n\n"


def test_keys_are_sorted_and_filtered(store: Store, folder: Path) -> None:
    digest = store.put(folder).digest
    for key in ["records/b/2.json", "records/a.json", "records-old/x", "checkpoints/größe.json", "records/b/10.json"]:
        store.write(key, "x")
    assert store.keys("records/") == ["records/a.json", "records/b/10.json", "records/b/2.json"]
    assert store.keys("records") == ["records-old/x", "records/a.json", "records/b/10.json", "records/b/2.json"]
    assert store.keys("records/b/1") == ["records/b/10.json"]
    assert store.keys("nothing/here") == store.keys("records/a.json/x") == store.keys("artifacts/") == []
    assert store.keys("artifacts/" + digest) == []
    assert "checkpoints/größe.json" in store.keys("")


def test_a_document_is_exchanged_only_if_it_is_what_one_saw(store: Store) -> None:
    assert not store.exchange("champions/a.json", "seen", "new")
    assert store.exchange("champions/a.json", None, "first")
    assert not store.exchange("champions/a.json", None, "second")
    assert not store.exchange("champions/a.json", "other", "second")
    assert store.exchange("champions/a.json", "first", "second")
    assert store.read("champions/a.json") == "second"


def test_of_many_who_exchange_at_once_one_succeeds(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "store"))
    store.write("champions/a.json", "old")
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda number: store.exchange("champions/a.json", "old", f"new {number}"), range(8)))
    assert won.count(True) == 1
    assert store.read("champions/a.json") == f"new {won.index(True)}"


def test_an_exchange_in_a_bucket_notices_who_came_between(
    s3_client: "S3Client", monkeypatch: pytest.MonkeyPatch
) -> None:
    store = S3Store(bucket="models", prefix="between")
    store.bucket.client = s3_client
    store.write("champions/a.json", "old")
    read = s3_client.get_object

    with monkeypatch.context() as patch:

        def read_and_be_overtaken(**place: str) -> object:
            there = read(**place)
            patch.undo()
            store.write("champions/a.json", "another's", overwrite=True)
            return there

        patch.setattr(s3_client, "get_object", read_and_be_overtaken)
        assert not store.exchange("champions/a.json", "old", "mine")
    assert store.read("champions/a.json") == "another's"


@pytest.mark.parametrize("key", ["", "/a", "a//b", "../a", "a/../b", "a/.", "a/", "a\nb", "\udcff"])
def test_keys_that_lead_elsewhere_are_refused(store: Store, key: str) -> None:
    asks: list[Callable[[], object]] = [
        lambda: store.write(key, "x"),
        lambda: store.read(key),
        lambda: store.remove(key),
    ]
    for ask in asks:
        with pytest.raises(RlvrError, match="document key"):
            ask()


@pytest.mark.parametrize("key", ["artifacts/x", "manifests/x.json", ".staging/x"])
def test_folders_of_the_store_are_not_for_documents(store: Store, key: str) -> None:
    asks: list[Callable[[], object]] = [lambda: store.write(key, "x", overwrite=True), lambda: store.remove(key)]
    for ask in asks:
        with pytest.raises(RlvrError, match="keeps for artifacts"):
            ask()
