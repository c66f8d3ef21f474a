"""Stages in several processes: arguments arrive, the first error speaks, SIGTERM stops in good time."""

import os
import signal
import stat
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from rlvr.checkpoints import Checkpoints
from rlvr.errors import RlvrError
from rlvr.launch import EXIT_CODE, Stopped, catch_termination, launch, stop_requested
from rlvr.progress import VARIABLE, read, report
from rlvr.provenance import perform
from rlvr.store import open_store
from rlvr.training import Scale

TWO = Scale(processes=2)


def describe(*, out, folders, settings, nothing, checkpoints):
    """Write what arrived, from the main rank."""
    from rlvr.rl.world import world

    place = world()
    everyone = place.gather([(place.rank, place.size, os.getpid())])
    assert [rank for rank, *_ in everyone] == [0, 1] and len({pid for *_, pid in everyone}) == 2
    assert place.any(place.rank == 1) and not place.any(False)
    with place.folder() as shared:
        (shared / str(place.rank)).touch()
        place.barrier()
        assert len(list(shared.iterdir())) == 2
    place.barrier()
    assert not shared.exists()
    report("stage", 1, 2, rank=place.rank)
    print(f"rank {place.rank} complains", file=sys.stderr)
    call = Path(sys.argv[-1])
    assert stat.S_IMODE(call.stat().st_mode) == 0o600 and "number" not in " ".join(sys.argv)
    if place.main:
        assert [folder.name for folder in folders] == ["a", "b"] and settings == {"number": 3, "deep": {"list": [1.5]}}
        assert nothing is None and checkpoints.latest()[0] == 7
        (out / "done").write_text("yes")


def test_arguments_arrive_and_one_rank_reports(tmp_path, monkeypatch, capsys):
    store = open_store(str(tmp_path / "store"))
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "file").write_text("x")
    Checkpoints(store, "key").save(7, tmp_path / "saved")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "progress"))
    launch(
        describe,
        TWO,
        out=tmp_path,
        folders=[tmp_path / "a", tmp_path / "b"],
        settings={"number": 3, "deep": {"list": [1.5]}},
        nothing=None,
        checkpoints=Checkpoints(store, "key"),
    )
    assert (tmp_path / "done").read_text() == "yes"
    assert [line["rank"] for line in read(tmp_path / "progress")[0]] == [0]
    written = capsys.readouterr().err
    assert "[rank0]:rank 0 complains" in written and "[rank1]:rank 1 complains" in written


def fail(*, how):
    """Rank 1 fails; rank 0 waits for what never comes."""
    if os.environ["RANK"] == "0":
        time.sleep(120)
    if how == "readable":
        raise RlvrError("Row 7 has no picture.")
    if how == "bug":
        raise ZeroDivisionError("no luck")
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.parametrize(
    ("how", "kind", "message"),
    [
        ("readable", RlvrError, r"^Row 7 has no picture\.$"),
        ("bug", RuntimeError, r"^process 1 of 2: ZeroDivisionError: no luck\n"),
        ("killed", RlvrError, r"One of 2 processes was killed, most often for want of memory"),
    ],
)
def test_the_first_failing_rank_speaks(how, kind, message, capsys):
    began = time.monotonic()
    with pytest.raises(kind, match=message) as caught:
        launch(fail, TWO, how=how)
    assert time.monotonic() - began < 60
    assert "torch.distributed" not in capsys.readouterr().err
    if how == "bug":
        assert 'raise ZeroDivisionError("no luck")' in caught.value.__notes__[0]


def until_stopped(*, launcher):
    """Ask the launching process to stop, and work on until that is known everywhere."""
    from rlvr.rl.world import world

    place = world()
    if place.main:
        os.kill(launcher, signal.SIGTERM)
    for _ in range(600):
        if place.any(stop_requested()):
            raise Stopped("stopped after step 3")
        time.sleep(0.05)


def test_termination_reaches_every_rank():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Stopped, match="stopped after step 3"):
        launch(until_stopped, TWO, launcher=os.getpid())
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_second_signal_is_not_caught():
    before = signal.getsignal(signal.SIGTERM)
    with catch_termination():
        assert not stop_requested()
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop_requested()
        assert signal.getsignal(signal.SIGTERM) is before
    with catch_termination():
        assert not stop_requested()


@dataclass
class Artifact:
    """What Kubeflow hands to a component."""

    path: str
    metadata: dict = field(default_factory=dict)


def stage(*, scale, out, checkpoints):
    """Count to three, stopping after the first step of the first try."""
    found = checkpoints.latest()
    done = int((found[1] / "step").read_text()) if found else 0
    (out / "step").write_text(str(done + 1))
    if done == 0:
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop_requested()
        checkpoints.save(1, out)
        raise Stopped("stopped after step 1")


def test_a_stopped_stage_ends_with_its_code_and_goes_on(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "progress"))

    def run():
        return perform(
            stage,
            store=str(tmp_path / "store"),
            inputs={},
            outputs={"out": Artifact(str(tmp_path / "artifact"))},
            parameters={"scale": {}},
        )

    with pytest.raises(SystemExit) as caught:
        run()
    assert caught.value.code == EXIT_CODE == 75
    assert not (tmp_path / "artifact").exists()
    lines, _ = read(tmp_path / "progress")
    assert lines[-1]["event"] == "stopped" and lines[-1]["message"] == "stopped after step 1"
    assert (run()["out"] / "step").read_text() == "2"


@pytest.fixture
def saved(tmp_path):
    """Checkpoints after steps 2 and 4, of which saving keeps the newer."""
    store = open_store(str(tmp_path / "store"))
    checkpoints = Checkpoints(store, "key")
    for step in (2, 4):
        folder = tmp_path / f"step{step}"
        folder.mkdir()
        (folder / "weights").write_text(f"weights {step}")
        checkpoints.save(step, folder)
    return checkpoints


def test_the_newest_checkpoint_is_kept(saved):
    step, folder = saved.latest()
    assert step == 4 and (folder / "weights").read_text() == "weights 4"
    assert len(saved.store.keys("manifests/")) == 1
    saved.drop()
    assert saved.latest() is None and saved.store.keys("") == []


def test_equal_content_survives_the_older_checkpoint(saved, tmp_path):
    saved.save(6, tmp_path / "step4")
    assert saved.latest()[0] == 6


def spoil(path, how):
    path.chmod(0o644)
    path.parent.chmod(0o755)
    path.unlink() if how == "missing" else path.write_text("WEIGHTS 4")


@pytest.mark.parametrize(
    ("how", "message"),
    [("changed", "the bytes of the file 'weights' do not have"), ("missing", "the file 'weights' is missing")],
)
def test_a_damaged_checkpoint_is_refused_by_name(how, message, saved):
    spoil(saved.latest()[1] / "weights", how)
    with pytest.raises(RlvrError, match=message) as caught:
        saved.latest()
    assert "checkpoint after step 4 (checkpoints/key/000000004.json in " in str(caught.value)
    assert "To go on from the stage's start instead, remove that document" in str(caught.value)


def test_an_older_checkpoint_is_offered_and_not_taken(saved, tmp_path):
    saved.store.write(f"{saved.prefix}000000009.json", "{")
    with pytest.raises(RlvrError, match=r"after step 9 .* the document is damaged .* from the checkpoint after step 4"):
        saved.latest()
    saved.store.remove(f"{saved.prefix}000000009.json")
    assert saved.latest()[0] == 4
