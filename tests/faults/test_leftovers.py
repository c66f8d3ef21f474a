"""What killed processes leave is removed by whoever comes next; what live ones work in stays."""

import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
import table

from rlvr.checkpoints import Checkpoints
from rlvr.scratch import scratch
from rlvr.store import LocalStore

WORKER = """
import sys, time
from pathlib import Path
from rlvr.scratch import scratch
from rlvr.store import LocalStore

store = LocalStore(Path(sys.argv[1]))
with scratch() as folder, store._staging() as staging:
    (folder / "weights").write_bytes(bytes(1000))
    (staging / "weights").write_bytes(bytes(1000))
    print(folder, staging, sep="\\n", flush=True)
    time.sleep(3600)
"""


@pytest.fixture
def worker(tmp_path, monkeypatch):
    """A process at work in a scratch folder and in a store, and these two folders."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", None)
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(tmp_path / "store")], stdout=subprocess.PIPE, text=True
    )
    yield process, [Path(process.stdout.readline().strip()) for _ in range(2)]
    process.kill()
    process.communicate()


def test_folders_of_killed_processes_are_swept_and_those_of_live_ones_are_not(worker, tmp_path):
    process, folders = worker
    store = LocalStore(tmp_path / "store")

    def use_both():
        with scratch() as own:
            assert own.is_dir() and own.stat().st_mode & 0o77 == 0
        store.write("a/document", "text", overwrite=True)

    use_both()
    assert all((folder / "weights").is_file() for folder in folders)
    process.send_signal(signal.SIGKILL)
    process.wait()
    use_both()
    left = [path for folder in folders for path in folder.parent.iterdir()]
    table.record("training", "folders of killed processes", tried=2, lost=len(left))
    assert left == []


@pytest.fixture
def checkpoints(tmp_path):
    return Checkpoints(LocalStore(tmp_path / "store"), "key")


def files(checkpoints):
    return [path for path in checkpoints.store.root.rglob("*") if path.is_file()]


def folder_of(tmp_path, text):
    folder = tmp_path / text
    folder.mkdir()
    (folder / "weights").write_text(text)
    return folder


class Killed(BaseException):
    """Raised where a process would be killed."""


def kill_at(monkeypatch, name, call):
    """Stop at the `call`-th use of a store's method, before or after its work."""
    whole, done = getattr(LocalStore, name), []

    def stop(self, *args, **kwargs):
        done.append(None)
        if len(done) == call:
            raise Killed
        return whole(self, *args, **kwargs)

    monkeypatch.setattr(LocalStore, name, stop)


@pytest.mark.parametrize("call", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("name", ["write", "receive", "discard", "remove", "read", "keys"])
def test_a_checkpoint_that_was_cut_off_anywhere_leaves_nothing(name, call, checkpoints, tmp_path, monkeypatch):
    first, second, third = (folder_of(tmp_path, text) for text in ("one", "two", "three"))
    checkpoints.save(1, first)
    with monkeypatch.context() as patch:
        kill_at(patch, name, call)
        try:
            checkpoints.save(2, second)
            checkpoints.save(3, third)
            checkpoints.drop()
        except Killed:
            cut = True
        else:
            cut = False
    found = checkpoints.latest()
    expected = {1: "one", 2: "two", 3: "three"}
    sound = found is None or (found[1] / "weights").read_text() == expected[found[0]]
    again = folder_of(tmp_path, "again")
    if found is not None:
        checkpoints.save(found[0] + 1, again)
    checkpoints.drop()
    table.record("training", "killed while saving a checkpoint", tried=int(cut), lost=int(cut and not sound))
    assert sound and files(checkpoints) == []
