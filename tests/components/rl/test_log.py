"""The training log: live files, TensorBoard events, parts of rollouts, and going on from a checkpoint's copy."""

import json
import sys

import pyarrow.parquet as pq
import pytest

from rlvr.rl import event_file, log
from rlvr.rl.log import ROLLOUTS, TrainingLog, extend


def metrics(step):
    return {"step": step, "reward": step / 10, "rewards": {"format": 1.0, "accuracy": step / 20}, "seconds": 2.0}


def rollout(step, index):
    return {
        "step": step,
        "row_id": f"row{index}",
        "turn": 1,
        "completion": f"text {step} {index}",
        "tokens": 3,
        "truncated": False,
        "reward": 0.5,
        "rewards": '{"format": 1.0}',
        "advantage": -0.25,
        "correct": index % 2 == 0,
    }


def train(kept, steps):
    for step in steps:
        kept.rollouts.extend(rollout(step, index) for index in range(5))
        kept.step(metrics(step))


def events(folder):
    """(step, tag, value) of every scalar, as TensorBoard itself reads them."""
    from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader

    read = list(LegacyEventFileLoader(str(folder / "tensorboard" / event_file.NAME)).Load())
    assert read[0].file_version == "brain.Event:2"
    dates = [event.wall_time for event in read]
    assert dates == sorted(dates)
    return [(event.step, value.tag, value.simple_value) for event in read for value in event.summary.value]


def lines(folder):
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


@pytest.fixture
def small_parts(monkeypatch):
    monkeypatch.setattr(log, "PART_ROWS", 7)


def test_every_step_is_on_disk_at_once(tmp_path, small_parts):
    kept = TrainingLog(tmp_path / "grpo")
    for step in (1, 2, 3):
        train(kept, [step])
        assert lines(tmp_path / "grpo") == [metrics(number) for number in range(1, step + 1)]
        assert {number for number, _, _ in events(tmp_path / "grpo")} == set(range(1, step + 1))
        assert len(kept.rollouts) < 7
    assert (2, "rewards/accuracy", pytest.approx(0.1)) in events(tmp_path / "grpo")
    assert {tag for _, tag, _ in events(tmp_path / "grpo")} == {
        "reward", "rewards/format", "rewards/accuracy", "seconds",
    }  # fmt: skip


def test_tensorboard_finds_the_event_file(tmp_path):
    from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer

    train(TrainingLog(tmp_path / "grpo"), [1, 2])
    found = EventMultiplexer().AddRunsFromDirectory(str(tmp_path)).Reload()
    assert found.Runs()["grpo/tensorboard"]["tensors"] == ["reward", "rewards/format", "rewards/accuracy", "seconds"]
    assert [event.step for event in found.Tensors("grpo/tensorboard", "reward")] == [1, 2]


def test_a_resumed_log_equals_an_undisturbed_one(tmp_path, small_parts):
    whole = TrainingLog(tmp_path / "whole")
    train(whole, range(1, 7))
    whole.finish(tmp_path / "whole", {"name": "grpo"})

    killed = TrainingLog(tmp_path / "cut")
    train(killed, [1, 2, 3])
    killed.write(tmp_path / "checkpoint")
    train(killed, [4, 5])  # lost: the checkpoint does not know them
    resumed = TrainingLog.read(tmp_path / "checkpoint", into=tmp_path / "cut")
    assert [line["step"] for line in lines(tmp_path / "cut")] == [1, 2, 3]
    train(resumed, [4, 5, 6])
    resumed.finish(tmp_path / "cut", {"name": "grpo"})

    assert events(tmp_path / "cut") == events(tmp_path / "whole")
    for name in ("metrics.jsonl", "rollouts.parquet", "stage.json"):
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name
    rows = pq.read_table(tmp_path / "cut" / "rollouts.parquet")
    assert rows.schema.names == ROLLOUTS.names
    assert rows.to_pylist() == [rollout(step, index) for step in range(1, 7) for index in range(5)]
    assert not (tmp_path / "cut" / "rollouts").exists()


def test_a_fresh_log_forgets_what_its_folder_held(tmp_path, small_parts):
    train(TrainingLog(tmp_path / "grpo"), [1, 2, 3])
    train(TrainingLog(tmp_path / "grpo"), [1])
    assert lines(tmp_path / "grpo") == [metrics(1)]
    assert {step for step, _, _ in events(tmp_path / "grpo")} == {1}
    assert not (tmp_path / "grpo" / "rollouts").exists()


@pytest.mark.parametrize("live", [True, False])
def test_two_checkpoints_of_one_run_hold_what_was_known_then(tmp_path, small_parts, live):
    kept = TrainingLog(tmp_path / "live" if live else None)
    train(kept, [1, 2])
    kept.write(tmp_path / "first")
    train(kept, [3])
    kept.write(tmp_path / "second")
    for name, steps in (("first", 2), ("second", 3)):
        read = TrainingLog.read(tmp_path / name)
        assert [line["step"] for line in read.metrics] == list(range(1, steps + 1))
        assert read.rollouts == [rollout(step, index) for step in range(1, steps + 1) for index in range(5)]


def test_extend_keeps_earlier_stages_and_writes_a_log_kept_in_memory(tmp_path):
    first = TrainingLog()
    first.metrics.append(metrics(1))
    extend(None, "sft", first, {"kind": "Sft"}, tmp_path / "one")
    second = TrainingLog(tmp_path / "two" / "grpo")
    train(second, [1, 2])
    extend(tmp_path / "one", "grpo", second, {"kind": "Grpo"}, tmp_path / "two")
    assert lines(tmp_path / "two" / "sft") == [metrics(1)]
    assert {step for step, _, _ in events(tmp_path / "two" / "sft")} == {1}
    assert {step for step, _, _ in events(tmp_path / "two" / "grpo")} == {1, 2}
    assert not (tmp_path / "two" / "sft" / "rollouts.parquet").exists()
    assert len(pq.read_table(tmp_path / "two" / "grpo" / "rollouts.parquet")) == 10
    assert json.loads((tmp_path / "two" / "grpo" / "stage.json").read_text()) == {"name": "grpo", "kind": "Grpo"}


def test_a_stage_without_steps_has_a_summary_and_no_events(tmp_path):
    extend(None, "merge", TrainingLog(), {"kind": "Merge"}, tmp_path)
    assert sorted(path.name for path in (tmp_path / "merge").iterdir()) == ["metrics.jsonl", "stage.json"]


def test_without_tensorboard_there_is_one_note_and_no_event_file(tmp_path, monkeypatch):
    monkeypatch.setenv("RLVR_PROGRESS", str(tmp_path / "progress.jsonl"))
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    monkeypatch.setattr(event_file, "available", lambda: False)
    kept = TrainingLog(tmp_path / "grpo")
    train(kept, [1, 2])
    kept.finish(tmp_path / "grpo", {})
    assert not (tmp_path / "grpo" / "tensorboard").exists()
    (note,) = [json.loads(line) for line in (tmp_path / "progress.jsonl").read_text().splitlines()]
    assert note["stage"] == "grpo" and "tensorboard package is not installed" in note["note"]
    assert len(lines(tmp_path / "grpo")) == 2
