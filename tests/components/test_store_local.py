"""Manifests, store URLs, and what only a store on a disk can meet: full disks, missing rights, killed processes."""

import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from rlvr import canonical
from rlvr.errors import RlvrError
from rlvr.store import DocumentExistsError, LocalStore, Manifest, manifest_of, open_store

FILES = {
    "config.json": b"{}",
    "weights/model-00001.safetensors": bytes(range(256)) * 40,
    "weights/tief/größe 大きさ 🙂.txt": "Höhe".encode(),
    "empty.txt": b"",
}


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


# Manifests


def test_the_digest_is_the_published_formula(folder: Path) -> None:
    described = {
        path: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)} for path, data in sorted(FILES.items())
    }
    text = json.dumps(described, sort_keys=True, separators=(",", ":"))
    manifest = manifest_of(folder)
    assert manifest.digest == hashlib.sha256(text.encode()).hexdigest()
    assert list(manifest.files) == sorted(FILES)
    assert manifest.size == sum(map(len, FILES.values()))


def test_a_manifest_survives_canonical_json(folder: Path) -> None:
    manifest = manifest_of(folder)
    text = canonical.dumps(manifest)
    assert canonical.load(Manifest, json.loads(text)) == manifest
    assert canonical.dumps(canonical.load(Manifest, json.loads(text))) == text


def test_dates_names_and_empty_directories_do_not_count(folder: Path, tmp_path: Path) -> None:
    other = make(tmp_path / "other", FILES)
    (other / "nothing" / "here").mkdir(parents=True)
    os.utime(other / "config.json", (1, 1))
    assert manifest_of(other) == manifest_of(folder)


@pytest.mark.parametrize("change", ["byte", "rename", "extra", "missing"])
def test_every_difference_changes_the_digest(folder: Path, change: str) -> None:
    before = manifest_of(folder).digest
    if change == "byte":
        (folder / "config.json").write_bytes(b"{ ")
    elif change == "rename":
        (folder / "config.json").rename(folder / "Config.json")
    elif change == "extra":
        (folder / "zero").write_bytes(b"")
    else:
        (folder / "empty.txt").unlink()
    assert manifest_of(folder).digest != before


def test_links_and_special_files_are_refused_by_name(folder: Path) -> None:
    (folder / "link").symlink_to("config.json")
    with pytest.raises(RlvrError, match="link is a symbolic link"):
        manifest_of(folder)
    (folder / "link").unlink()
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    with pytest.raises(RlvrError, match="loop is a symbolic link"):
        manifest_of(folder)
    (folder / "loop").unlink()
    os.mkfifo(folder / "pipe")
    with pytest.raises(RlvrError, match="pipe is neither a file nor a folder"):
        manifest_of(folder)


@pytest.mark.parametrize("name", [b"bad\xff", b"line\nbreak"])
def test_undecodable_names_are_refused(folder: Path, name: bytes) -> None:
    Path(os.fsdecode(bytes(folder) + b"/" + name)).write_bytes(b"x")
    with pytest.raises(RlvrError, match="control or undecodable"):
        manifest_of(folder)


# Documents


def test_of_many_writers_one_wins(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "store")

    def write(text: str) -> bool:
        try:
            store.write("records/a.json", text)
        except DocumentExistsError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(write, map(str, range(32))))
    assert won.count(True) == 1
    assert store.read("records/a.json") == str(won.index(True))


# URLs


@pytest.mark.parametrize("url", ["{}", "file://{}", "file://localhost{}"])
def test_a_folder_opens_by_path_or_url(tmp_path: Path, url: str) -> None:
    store = open_store(url.format(tmp_path / "größe"))
    assert isinstance(store, LocalStore) and store.root == tmp_path / "größe"
    again = open_store(store.url)
    assert isinstance(again, LocalStore) and again.root == store.root and again.url == store.url
    assert not store.root.exists()


@pytest.mark.parametrize(
    ("url", "opened"),
    [("s3://b", "s3://b"), ("s3://b/", "s3://b"), ("s3://b/a/c/", "s3://b/a/c"), ("s3://b/a#1", "s3://b/a#1")],
)
def test_a_bucket_opens_by_url(url: str, opened: str) -> None:
    assert open_store(url).url == opened == open_store(opened).url


@pytest.mark.parametrize("url", ["gs://b/x", "minio://b/x", "s3://", "s3:///x", "file://host/x", "http://b", "", "://"])
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(RlvrError, match=r"expected a folder .* or 's3://bucket/prefix'"):
        open_store(url)


def test_passwords_in_urls_are_refused_and_not_repeated() -> None:
    with pytest.raises(RlvrError, match="user name or password") as caught:
        open_store("s3://someone:hunter2@bucket/x")
    assert "hunter2" not in str(caught.value) and "someone" not in str(caught.value)


def test_opening_a_store_imports_no_boto3() -> None:
    code = "import sys, rlvr.store as s; s.open_store('/x'); s.open_store('s3://b'); sys.exit('boto3' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


# The disk


def publish_in_process(root: str, folder: str) -> str:
    return LocalStore(Path(root)).put(Path(folder)).digest


def test_two_processes_publish_the_same_content(folder: Path, tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "store")
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        jobs = [pool.submit(publish_in_process, str(store.root), str(folder)) for _ in range(6)]
        digests = {job.result() for job in jobs}
    assert digests == {manifest_of(folder).digest}
    store.verify(digests.pop())
    assert list((store.root / ".staging").iterdir()) == []


@pytest.mark.parametrize(
    ("number", "expected"),
    [(errno.ENOSPC, "disk is full"), (errno.EACCES, "permission denied"), (errno.EIO, "healthy")],
)
def test_a_failing_copy_leaves_nothing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, expected: str
) -> None:
    store, original = LocalStore(tmp_path / "store"), shutil.copyfile

    def fail(source: Path, target: Path) -> None:
        if "weights" in str(source):
            raise OSError(number, os.strerror(number), str(target))
        original(source, target)

    monkeypatch.setattr(shutil, "copyfile", fail)
    with pytest.raises(RlvrError, match=expected) as caught:
        store.put(folder)
    assert store.url in str(caught.value)
    assert not store.has(manifest_of(folder).digest)
    assert contents(store.root) == {} and list((store.root / ".staging").iterdir()) == []
    monkeypatch.undo()
    assert contents(store.get(store.put(folder).digest)) == FILES


FULL_DISK = """
import sys
from pathlib import Path
from rlvr.errors import RlvrError
from rlvr.store import LocalStore

disk, folder = Path(sys.argv[1]), Path(sys.argv[2])
store = LocalStore(disk / "store")
small = disk.parent / "small"
small.mkdir()
(small / "a").write_bytes(b"1")
kept = store.put(small).digest
try:
    store.put(folder)
except RlvrError as error:
    assert "disk is full" in str(error), error
else:
    raise SystemExit("2 MB fitted on a disk of 1 MB")
files = sorted(path.name for path in disk.rglob("*") if path.is_file())
assert files == sorted(["a", kept + ".json"]), files
with open(disk / "filler", "wb", buffering=0) as filler:
    try:
        while True:
            filler.write(bytes(4096))
    except OSError:
        pass
try:
    store.write("records/a.json", "x" * 10000)
except RlvrError as error:
    assert "disk is full" in str(error), error
assert store.keys("records") == []
store.discard(kept)
assert not store.has(kept)
"""


def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    """On a 1 MB tmpfs in a mount namespace of its own, which vanishes with the process."""
    disk, folder = tmp_path / "disk", make(tmp_path / "big", {"a.bin": bytes(2**20), "b.bin": bytes(2**20)})
    disk.mkdir()
    mount = f"mount -t tmpfs -o size=1m tmpfs '{disk}'"
    private = ["unshare", "--mount", "--map-root-user", "sh", "-c"]
    if not shutil.which("unshare") or subprocess.run([*private, mount], capture_output=True).returncode:
        pytest.skip("this machine allows no mount namespaces")
    script = f"{mount} && exec '{sys.executable}' -c '{FULL_DISK.replace(chr(39), chr(34))}' '{disk}' '{folder}'"
    done = subprocess.run([*private, script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert list(disk.iterdir()) == []


def test_a_store_in_the_place_of_a_file(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "store").write_text("x")
    store = LocalStore(tmp_path / "store")
    for ask in (lambda: store.put(folder), lambda: store.write("a.json", "x")):
        with pytest.raises(RlvrError, match="a file where a folder is needed"):
            ask()


def test_a_folder_that_may_not_be_written(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "store").mkdir(mode=0o500)
    store, user = LocalStore(tmp_path / "store"), os.geteuid()
    if user == 0:
        os.seteuid(65534)  # root may write everywhere
    try:
        for ask in (lambda: store.put(folder), lambda: store.write("a.json", "x")):
            with pytest.raises(RlvrError, match="permission denied"):
                ask()
    finally:
        os.seteuid(user)
    assert list(store.root.iterdir()) == []


def test_leftovers_of_killed_processes_go_after_a_day(folder: Path, tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "store")
    old, young, long = (make(store.root / ".staging" / name, {"f": b"1"}) for name in ("old", "young", "long"))
    lock = store.root / ".staging/old.lock"
    lock.touch()
    for path in (old / "f", old, lock, long):  # a long download writes to its files for more than a day
        os.utime(path, (1, 1))
    store.put(folder)
    assert not old.exists() and not lock.exists() and young.exists() and long.exists()


def test_an_artifact_without_manifest_does_not_exist(folder: Path, tmp_path: Path) -> None:
    """What a process leaves that dies between the two renames."""
    store = LocalStore(tmp_path / "store")
    manifest = store.put(folder)
    (store.root / "manifests" / f"{manifest.digest}.json").unlink()
    assert not store.has(manifest.digest) and store.keys("") == []
    store.put(folder)
    store.verify(manifest.digest)
