"""Checkpoints that are damaged, belong to another run, or do not fit on the disk: the model's bytes stay the same."""

import json
import os
import resource
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import table
from small_training import SFT, grpo_stage, notes, train

from rlvr.checkpoints import Checkpoints
from rlvr.data.rows import read, write
from rlvr.errors import RlvrError
from rlvr.launch import Stopped
from rlvr.rl.made_for import MadeFor
from rlvr.store import open_store
from rlvr.training import Sft


@pytest.fixture(scope="module")
def answered_rows(digits_method, digit_rows, tmp_path_factory):
    """Digit rows with worked responses."""
    folder = tmp_path_factory.mktemp("answered")
    source = digits_method.tasks[0].source
    write([{**row, "response": source.demonstrate(row)} for row in read(digit_rows)], folder)
    return folder


def stage_of(name, method, **faults):
    return grpo_stage(method, **faults) if name == "grpo" else replace(SFT, faults=grpo_stage(method, **faults).faults)


@pytest.fixture(scope="module", params=["grpo", "sft"])
def undisturbed(request, digits_method, tiny_base, answered_rows, tmp_path_factory):
    """Name of a stage and the digest of its model."""
    folder = tmp_path_factory.mktemp("undisturbed")
    stage = stage_of(request.param, digits_method)
    return request.param, train(stage, digits_method, tiny_base, answered_rows, folder)


def stopped_after(steps, stage, given, folder, checkpoints, monkeypatch):
    """Train until SIGTERM, as it were, comes after some steps."""
    where = "rlvr.rl.offline" if isinstance(stage, Sft) else "rlvr.rl.train"
    with monkeypatch.context() as patch:
        calls = []
        patch.setattr(f"{where}.stop_requested", lambda: calls.append(None) or len(calls) == steps)
        with pytest.raises(Stopped):
            train(stage, *given, folder, checkpoints=checkpoints)


def weights_of(checkpoints):
    """The weights' file of the newest checkpoint."""
    document = sorted((checkpoints.store.root / checkpoints.prefix).iterdir())[-1]
    digest = json.loads(document.read_text())["digest"]
    return document, checkpoints.store.root / "artifacts" / digest / "policy.safetensors"


def truncate(document: Path, weights: Path) -> None:
    weights.chmod(0o644)
    os.truncate(weights, weights.stat().st_size // 2)


def flip(document: Path, weights: Path) -> None:
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.chmod(0o644)
    weights.write_bytes(content)


def lose(document: Path, weights: Path) -> None:
    weights.unlink()


def scribble(document: Path, weights: Path) -> None:
    document.write_text('{"digest": ')


@pytest.mark.parametrize(("kept", "damage"), [(1, truncate), (2, flip), (2, lose), (1, scribble)])
def test_a_damaged_checkpoint_is_refused_or_passed_over(
    kept, damage, undisturbed, digits_method, tiny_base, answered_rows, tmp_path, monkeypatch
):
    name, whole = undisturbed
    checkpoints = Checkpoints(open_store(str(tmp_path / "store")), "key")
    given = (digits_method, tiny_base, answered_rows)
    stopped_after(3, stage_of(name, digits_method, checkpoints_kept=kept), given, tmp_path, checkpoints, monkeypatch)
    assert len(checkpoints.store.keys(checkpoints.prefix)) == kept
    damage(*weights_of(checkpoints))
    message = r"checkpoint after step 3 .* does not verify: .* instead, .*, or set faults.damaged_checkpoint=older"
    with pytest.raises(RlvrError, match=message):
        train(stage_of(name, digits_method), *given, tmp_path / "stop", checkpoints=checkpoints)
    path = tmp_path / "progress.jsonl"
    monkeypatch.setenv("RLVR_PROGRESS", str(path))
    stage = stage_of(name, digits_method, damaged_checkpoint="older", checkpoints_kept=kept)
    digest = train(stage, *given, tmp_path / "older", checkpoints=checkpoints)
    table.record("training", f"checkpoint damaged ({damage.__name__})", tried=1, repeated=1, lost=int(digest != whole))
    assert digest == whole
    older = "the stage's start." if kept == 1 else "the checkpoint after step 2."
    assert any(note.endswith(f"Going on from {older}") for note in notes(path))
    checkpoints.drop()
    left = [path for path in (tmp_path / "store").rglob("*") if path.is_file()]
    assert not left or damage is scribble  # nobody knows any more which files that one named


def test_checkpoints_of_another_run_are_refused(
    undisturbed, digits_method, tiny_base, answered_rows, tmp_path, monkeypatch
):
    name, whole = undisturbed
    checkpoints = Checkpoints(open_store(str(tmp_path / "store")), "key")
    given = (digits_method, tiny_base, answered_rows)
    stage = stage_of(name, digits_method)
    stopped_after(2, stage, given, tmp_path, checkpoints, monkeypatch)
    write(read(answered_rows)[1:], tmp_path / "rows")
    faster = replace(stage, optimiser=replace(stage.optimiser, learning_rate=2e-3))
    others = {
        "settings": (faster, given, 0),
        "rows": (stage, (digits_method, tiny_base, tmp_path / "rows"), 0),
        "seed": (stage, given, 1),
    }
    for what, (other, having, seed) in others.items():
        message = rf"Stage {name}: the checkpoint after step 2 was made for other {what}\. Give the stage what it had"
        table.record("training", f"checkpoint of other {what}", tried=1, repeated=1)
        with pytest.raises(RlvrError, match=message):
            train(other, *having, tmp_path / what, checkpoints=checkpoints, seed=seed)
    with monkeypatch.context() as patch:
        plain = MadeFor.of
        patch.setattr(MadeFor, "of", lambda *args: plain(*args[:-1], 2))
        table.record("training", "checkpoint of other processes", tried=1, repeated=1)
        with pytest.raises(RlvrError, match="was made for other processes"):
            train(stage, *given, tmp_path / "ranks", checkpoints=checkpoints)
    assert train(stage, *given, tmp_path / "same", checkpoints=checkpoints) == whole


@contextmanager
def files_up_to(size):
    """No file of this process may grow beyond a size in bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_checkpoint_that_does_not_fit_is_reported_and_the_one_before_it_stands(
    undisturbed, digits_method, tiny_base, answered_rows, tmp_path, monkeypatch
):
    name, whole = undisturbed
    checkpoints = Checkpoints(open_store(str(tmp_path / "store")), "key")
    given = (digits_method, tiny_base, answered_rows)
    stage = stage_of(name, digits_method)
    stopped_after(2, stage, given, tmp_path, checkpoints, monkeypatch)
    message = rf"Stage {name}: the checkpoint after step 3 could not be saved: .*The one before it stands"
    with files_up_to(100_000), pytest.raises(RlvrError, match=message):
        train(stage, *given, tmp_path / "full", checkpoints=checkpoints)
    assert checkpoints.latest()[0] == 2
    digest = train(stage, *given, tmp_path / "room", checkpoints=checkpoints)
    table.record("training", "disk full while saving a checkpoint", tried=1, repeated=1, lost=int(digest != whole))
    assert digest == whole
