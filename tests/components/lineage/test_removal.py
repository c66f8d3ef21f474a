"""A stage that makes what garbage collection removes at that moment: it waits, and nothing is lost, in every store."""

import json
import threading
import time
from collections.abc import Callable
from functools import partial

import pytest

from rlvr.launch.work import Work
from rlvr.lineage import removal
from rlvr.lineage.audit import gaps
from rlvr.lineage.collection import leftovers, remove
from rlvr.lineage.graph import Graph
from rlvr.lineage.keys import trusted
from rlvr.lineage.ledger_reader import read_ledger
from rlvr.lineage.record import Telling, attest
from rlvr.lineage.use import note_made, note_use
from rlvr.provenance import compute
from rlvr.store import LocalStore, open_store

SECONDS = 60


@pytest.fixture(params=["folder", "bucket"])
def kept(request, tmp_path):
    if request.param == "folder":
        return LocalStore(tmp_path / "store")
    request.getfixturevalue("bucket")
    return open_store("s3://lineage/team/rlvr")


@pytest.fixture
def old(story, monkeypatch):
    """The digest of what a stage made long ago, and that stage's work with other code, which makes it again."""
    (story.folder / "old").mkdir()
    write(story.folder / "old")
    digest = story.store.put(story.folder / "old").digest
    with monkeypatch.context() as patch:
        patch.setattr("rlvr.lineage.record.now", lambda: "2020-01-01T00:00:00.000Z")
        attest(story.store, work("a" * 64), outputs={"out": digest}, started="", telling=Telling())
    return digest


def write(out):
    """The body of the stage."""
    (out / "content.txt").write_text("the same whatever the code")
    (out / "more.txt").write_text("in two files")


def work(code):
    return Work(stage="m:write", parameters={}, inputs={}, code=code, label="write", outputs=("out",))


def collected(story):
    """What garbage collection removes."""
    graph = Graph(read_ledger(story.store, trusted()).entries)
    found = leftovers(story.store, graph, keep=[], days=30.0)
    return [one.digest for one in remove(story.store, graph, found)]


class Maker:
    """The stage with new code, in a thread, as it signs what it made."""

    def __init__(self, story):
        self.signed = []
        sign = partial(attest, story.store, work("b" * 64), started="", telling=Telling())
        self.thread = threading.Thread(
            target=compute, args=(write, story.store, work("b" * 64)),
            kwargs={"sign": lambda made: self.signed.append(sign(outputs=made))}, daemon=True,
        )  # fmt: skip

    def begin(self, until: Callable[[], bool]) -> None:
        self.thread.start()
        deadline = time.monotonic() + SECONDS
        while not until() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert until()

    def end(self):
        self.thread.join(SECONDS)
        assert self.signed


@pytest.mark.parametrize("moment", ["before the look at what is in use", "before the removal", "after the removal"])
def test_what_is_made_again_meanwhile_is_there_afterwards(story, old, monkeypatch, moment):
    maker, waiting = Maker(story), []
    monkeypatch.setattr("rlvr.lineage.use.report", lambda *_, note: waiting.append(note))
    discard, remove_document = story.store.discard, story.store.remove

    def looking(key):
        if moment.startswith("before the look") and not maker.thread.is_alive() and not key.startswith("removals/"):
            maker.begin(lambda: bool(waiting))
        remove_document(key)

    def removing(digest):
        if moment == "before the removal":
            maker.begin(lambda: bool(waiting))
        discard(digest)
        if moment == "after the removal":
            maker.begin(lambda: bool(waiting))

    monkeypatch.setattr(story.store, "discard", removing)
    monkeypatch.setattr(story.store, "remove", looking)
    story.store.write(f"records/{work('a' * 64).key}.json", json.dumps({"outputs": {"out": old}}))
    assert collected(story) == ([] if moment.startswith("before the look") else [old])
    maker.end()
    story.store.verify(old)
    assert waiting and "waits for `rlvr gc`" in waiting[0]
    assert story.store.keys("removals/") == []
    assert [one for one in gaps(story.store, read_ledger(story.store, trusted())) if one.severity == "failure"] == []


def test_a_collector_that_was_killed_is_waited_for_no_longer_than_it_may_take(story, old, monkeypatch):
    monkeypatch.setattr(removal, "PATIENCE_SECONDS", 0.2)
    monkeypatch.setattr(removal, "LOOK_SECONDS", 0.05)
    story.store.write("removals/dead.json", json.dumps({"digests": [old]}))
    story.store.write("removals/other.json", json.dumps({"digests": ["0" * 64]}))
    note_made(story.store, work("b" * 64), old)
    assert story.store.keys("removals/") == ["removals/other.json"]


def test_a_collector_that_was_held_up_looks_again_before_it_goes_on(story, old, monkeypatch):
    """Its grant ends between two artifacts: what came into use since is passed over."""
    (story.folder / "second").mkdir()
    (story.folder / "second" / "content.txt").write_text("another")
    second = story.store.put(story.folder / "second").digest
    with monkeypatch.context() as patch:
        patch.setattr("rlvr.lineage.record.now", lambda: "2020-01-02T00:00:00.000Z")
        attest(story.store, work("c" * 64), outputs={"out": second}, started="", telling=Telling())
    discard, write_document = story.store.discard, story.store.write

    def removing(digest):
        discard(digest)
        monkeypatch.setattr(removal, "GRANTED_SECONDS", -1)

    def writing(key, text, **more):
        write_document(key, text, **more)
        if key.startswith("removals/") and removal.GRANTED_SECONDS < 0:
            monkeypatch.setattr(removal, "GRANTED_SECONDS", 600)
            note_use(story.store, work("b" * 64), {"out": second})

    monkeypatch.setattr(story.store, "discard", removing)
    monkeypatch.setattr(story.store, "write", writing)
    assert collected(story) == [old]
    story.store.verify(second)
