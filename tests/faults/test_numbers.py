"""Losses and gradients that are not finite, and steps that teach nothing: named, left out or stopped at."""

import math

import pytest
import table
import torch
from small_training import grpo_stage, metrics, notes, sft_stage, train

from rlvr.checkpoints import Checkpoints
from rlvr.data.rows import read, write
from rlvr.errors import RlvrError
from rlvr.method import Reward
from rlvr.rl.engine import Plain
from rlvr.rl.silence import NOTED_STEPS, heed_silence
from rlvr.rl.update_check import require_possible
from rlvr.store import open_store
from rlvr.training import Faults, Loss, Scale


@pytest.fixture
def checkpoints(tmp_path):
    return Checkpoints(open_store(str(tmp_path / "store")), "key")


@pytest.fixture(scope="module")
def answered_rows(digits_method, digit_rows, tmp_path_factory):
    """Digit rows with worked responses."""
    folder = tmp_path_factory.mktemp("answered")
    source = digits_method.tasks[0].source
    write([{**row, "response": source.demonstrate(row)} for row in read(digit_rows)], folder)
    return folder


def finite(folder):
    from safetensors.torch import load_file

    return all(bool(weight.isfinite().all()) for weight in load_file(folder / "model/model.safetensors").values())


def spoil_losses(monkeypatch, value, first, last):
    """Give the token losses of backward passes `first` to `last`, counted from 1, a value."""
    from rlvr.rl import update

    whole, calls = update.token_losses, []

    def spoilt(*args):
        calls.append(None)
        return whole(*args) * value if first <= len(calls) <= last else whole(*args)

    monkeypatch.setattr(update, "token_losses", spoilt)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_stops_and_goes_on_without_it(
    value, digits_method, tiny_base, digit_rows, tmp_path, monkeypatch, checkpoints
):
    with monkeypatch.context() as patch:
        spoil_losses(patch, value, 2, 2)
        with pytest.raises(RlvrError, match=r"Stage grpo, step 2: the loss is (nan|-?inf) on rows? ") as caught:
            train(grpo_stage(digits_method), digits_method, tiny_base, digit_rows, tmp_path, checkpoints=checkpoints)
    assert any(row["row_id"] in str(caught.value) for row in read(digit_rows))
    assert checkpoints.latest()[0] == 1
    spoil_losses(monkeypatch, value, 1, 1)  # step 2 again, now the first of the process
    monkeypatch.setenv("RLVR_PROGRESS", str(tmp_path / "progress.jsonl"))
    stage = grpo_stage(digits_method, non_finite="skip")
    train(stage, digits_method, tiny_base, digit_rows, tmp_path, checkpoints=checkpoints)
    lines = metrics(tmp_path)
    (note,) = [note for note in notes(tmp_path / "progress.jsonl") if note.startswith("step 2: the loss is ")]
    assert note.endswith("; the update is left out")
    table.record("training", f"loss {value}", tried=2, repeated=1, lost=int(not finite(tmp_path)))
    assert [line["updates_skipped"] for line in lines] == [0, 1, 0, 0] and finite(tmp_path)
    with pytest.raises(RlvrError, match=r"left something out \(updates_skipped 1\)"):
        train(grpo_stage(digits_method), digits_method, tiny_base, digit_rows, tmp_path, checkpoints=checkpoints)


def spoil_gradients(monkeypatch, value, steps):
    """Put a value into a gradient before updates `steps`, counted from 0."""
    whole = Plain.step

    def step(self, number, *args):
        if number in steps:
            next(iter(self.masters.values())).grad.view(-1)[0] = value
        return whole(self, number, *args)

    monkeypatch.setattr(Plain, "step", step)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_gradient_that_is_not_finite_is_no_update(
    value, digits_method, tiny_base, digit_rows, tmp_path, monkeypatch, checkpoints
):
    spoil_gradients(monkeypatch, value, {1})
    given = (digits_method, tiny_base, digit_rows, tmp_path)
    with pytest.raises(RlvrError, match=r"Stage grpo, step 2: the gradient's norm is (nan|inf), though the loss is"):
        train(grpo_stage(digits_method), *given, checkpoints=checkpoints)
    train(grpo_stage(digits_method, non_finite="skip"), *given, checkpoints=checkpoints)
    table.record("training", f"gradient {value}", tried=2, repeated=1, lost=int(not finite(tmp_path)))
    assert [line["updates_skipped"] for line in metrics(tmp_path)] == [0, 1, 0, 0] and finite(tmp_path)


def test_a_skipped_update_leaves_weights_and_moments_as_they_are(digits_method, tiny_base, digit_rows, monkeypatch):
    from rlvr.rl.train import Loop

    stage = grpo_stage(digits_method, non_finite="skip")
    loop = Loop(stage, digits_method.tasks, "float32", 0, tiny_base, digit_rows, None)
    loop.advance()
    loop.step = 1
    held = {name: weight.clone() for name, weight in loop.engine.state_dict().items()}
    moments = [{k: v.clone() for k, v in state.items()} for state in loop.engine.optimiser.optimiser.state.values()]
    spoil_losses(monkeypatch, math.nan, 1, 1)
    assert loop.advance()["updates_skipped"] == 1
    assert all(torch.equal(weight, held[name]) for name, weight in loop.engine.state_dict().items())
    after = loop.engine.optimiser.optimiser.state.values()
    assert all(torch.equal(a[k], b[k]) for a, b in zip(after, moments, strict=True) for k in b)


def test_gradients_above_the_bound_stop_after_some_steps(digits_method, tiny_base, digit_rows, tmp_path, checkpoints):
    given = (digits_method, tiny_base, digit_rows, tmp_path)
    table.record("training", "gradient above its bound", tried=2, repeated=0)
    with pytest.raises(RlvrError, match=r"step 1: the gradient's norm is .*, above faults.largest_grad_norm \(1e-09\)"):
        train(grpo_stage(digits_method, largest_grad_norm=1e-9), *given)
    stage = grpo_stage(digits_method, largest_grad_norm=1e-9, non_finite="skip", skipped_steps=3)
    with pytest.raises(RlvrError, match=r"It is step 3 in a row with an update left out"):
        train(stage, *given, checkpoints=checkpoints)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_supervised_steps_are_held_to_the_same(
    value, digits_method, tiny_base, answered_rows, tmp_path, monkeypatch, checkpoints
):
    spoil_gradients(monkeypatch, value, {2})
    given = (digits_method, tiny_base, answered_rows, tmp_path)
    with pytest.raises(RlvrError, match=r"Stage sft, step 3: the gradient's norm is .* on rows "):
        train(sft_stage(), *given, checkpoints=checkpoints)
    train(sft_stage(non_finite="skip"), *given, checkpoints=checkpoints)
    lines = metrics(tmp_path, "sft")
    table.record("training", f"SFT gradient {value}", tried=2, repeated=1, lost=int(not finite(tmp_path)))
    assert [line["updates_skipped"] for line in lines] == [0, 0, 1, 0] and finite(tmp_path)
    assert lines[2]["loss"] is None and lines[3]["loss"] > 0


def test_deepspeed_cannot_leave_updates_out():
    for faults in (Faults(non_finite="skip"), Faults(largest_grad_norm=1.0)):
        require_possible(faults, Scale(), "grpo")
        with pytest.raises(RlvrError, match=r"DeepSpeed \(scale.zero_stage 2\) cannot leave an update out"):
            require_possible(faults, Scale(zero_stage=2), "grpo")


@pytest.mark.parametrize("name", ["largest_grad_norm", "skipped_steps", "reward_seconds", "checkpoints_kept"])
def test_bounds_are_above_zero(name):
    with pytest.raises(RlvrError, match=rf"faults.{name} is 0"):
        Faults(**{name: 0})


def same(completions, **_):
    return [0.0] * len(completions)


def test_rewards_that_are_all_zero_change_nothing_and_are_counted(digits_method, tiny_base, digit_rows, tmp_path):
    from dataclasses import replace

    from safetensors.torch import load_file

    stage = replace(grpo_stage(digits_method), loss=Loss(kl_weight=0.0))
    task = replace(digits_method.tasks[0], rewards=(Reward(function=same),))
    train(stage, digits_method, tiny_base, digit_rows, tmp_path, tasks=[task])
    before, after = (load_file(folder / "model.safetensors") for folder in (tiny_base, tmp_path / "model"))
    changed = sum(not torch.equal(before[name], after[name]) for name in before)
    table.record("training", "rewards all zero", tried=1, lost=int(changed > 0))
    assert not changed and all(line["dead_groups_percent"] == 100 for line in metrics(tmp_path))
    stage = replace(stage, faults=Faults(silent_steps=2))
    with pytest.raises(RlvrError, match=r"Stage grpo, step 2: no group of the last 2 steps has two different rewards"):
        train(stage, digits_method, tiny_base, digit_rows, tmp_path / "stopped", tasks=[task])


def test_silence_is_told_once(digits_method, tmp_path, monkeypatch):
    path = tmp_path / "progress.jsonl"
    path.touch()
    monkeypatch.setenv("RLVR_PROGRESS", str(path))
    lines = [{"dead_groups_percent": 50.0, "reward": 0.5}]
    for _ in range(2 * NOTED_STEPS):
        lines.append({"dead_groups_percent": 100.0, "reward": 0.25})
        heed_silence(lines, digits_method.stages[0], 100)
    (note,) = notes(path)
    assert note.startswith(f"no group of the last {NOTED_STEPS} steps has two different rewards (their mean is 0.25)")


@pytest.mark.parametrize("name", ["group_size", "prompts_per_step", "checkpoint_every"])
def test_groups_and_steps_are_not_empty(name, digits_method):
    from dataclasses import replace

    with pytest.raises(RlvrError, match=rf"Stage grpo: {name} is 0; it is at least 1"):
        replace(digits_method.stages[0], **{name: 0})
