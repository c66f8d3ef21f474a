"""The GRPO and SFT stages: they run, log, resume bit for bit and refuse what they cannot train on."""

import json
from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from rlvr.canonical import plain
from rlvr.checkpoints import Checkpoints
from rlvr.data.rows import read, write
from rlvr.errors import RlvrError
from rlvr.method import Reward
from rlvr.rl.train import Loop, train
from rlvr.store import manifest_of, open_store
from rlvr.training import Scale


class Interrupted(Exception):
    """Raised in the middle of a stage."""


def grpo(method, base, rows, folder, checkpoints=None, previous=None, scale=None):
    model, log = folder / "model", folder / "log"
    train(
        stage=plain(method.stages[0]),
        tasks=[plain(task) for task in method.tasks],
        precision="float32",
        scale=plain(scale) if scale else None,
        seed=0,
        base=base,
        rows=rows,
        previous=previous,
        checkpoints=checkpoints,
        model=model,
        log=log,
    )
    return manifest_of(model).digest


def interrupt_after(monkeypatch, loop, method, steps):
    """Make the loop raise when `steps` steps are done."""
    whole, done = getattr(loop, method), []

    def stop(self, *args, **kwargs):
        if len(done) == steps:
            raise Interrupted
        done.append(None)
        return whole(self, *args, **kwargs)

    monkeypatch.setattr(loop, method, stop)


@pytest.fixture(scope="module")
def undisturbed(digits_method, tiny_base, digit_rows, tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    return folder, grpo(digits_method, tiny_base, digit_rows, folder)


def test_log_has_every_step_and_rollout(undisturbed, digit_rows):
    folder, _ = undisturbed
    stage = folder / "log" / "grpo"
    metrics = [json.loads(line) for line in (stage / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in metrics] == [1, 2, 3, 4]
    wanted = {"reward", "rewards", "kl", "entropy", "length_mean", "length_p95", "truncated_percent", "grad_norm"}
    assert all(wanted <= set(line) for line in metrics)
    assert metrics[0]["kl"] == pytest.approx(0, abs=1e-6) and metrics[-1]["kl"] > 0
    rollouts = pq.read_table(stage / "rollouts.parquet").to_pylist()
    assert len(rollouts) == 4 * 3 * 4
    assert {row["row_id"] for row in rollouts} <= {row["row_id"] for row in read(digit_rows)}
    summary = json.loads((stage / "stage.json").read_text())
    assert summary["kind"] == "Grpo" and summary["response_tokens"] == sum(row["tokens"] for row in rollouts)


def test_training_changes_the_model_and_repeats_itself(undisturbed, digits_method, tiny_base, digit_rows, tmp_path):
    assert undisturbed[1] != manifest_of(tiny_base).digest
    assert grpo(digits_method, tiny_base, digit_rows, tmp_path) == undisturbed[1]


@pytest.mark.parametrize("steps", [1, 3])
def test_an_interrupted_stage_ends_with_the_same_bytes(
    steps, undisturbed, digits_method, tiny_base, digit_rows, tmp_path, monkeypatch
):
    store = open_store(str(tmp_path / "store"))
    with monkeypatch.context() as patch:
        interrupt_after(patch, Loop, "advance", steps)
        with pytest.raises(Interrupted):
            grpo(digits_method, tiny_base, digit_rows, tmp_path / "a", Checkpoints(store, "key"))
    found = Checkpoints(store, "key").latest()
    assert (found[0] if found else 0) == steps // 2 * 2
    digest = grpo(digits_method, tiny_base, digit_rows, tmp_path / "b", Checkpoints(store, "key"))
    assert digest == undisturbed[1]
    log = (tmp_path / "b" / "log" / "grpo" / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in log] == [1, 2, 3, 4]


def test_micro_batches_do_not_change_the_result(undisturbed, digits_method, tiny_base, digit_rows, tmp_path):
    import torch
    from safetensors.torch import load_file

    grpo(digits_method, tiny_base, digit_rows, tmp_path, scale=Scale(micro_batch_tokens=1))
    whole = load_file(undisturbed[0] / "model" / "model.safetensors")
    split = load_file(tmp_path / "model" / "model.safetensors")
    # Adam divides by the gradient's size, so differences of rounding grow to a small part of the learning rate
    assert all(torch.allclose(whole[name], split[name], atol=2e-4) for name in whole)


def raising(completions, **_):
    raise ZeroDivisionError("no")


def not_finite(completions, **_):
    return [float("nan")] * len(completions)


@pytest.mark.parametrize(("function", "message"), [(raising, "raised ZeroDivisionError"), (not_finite, "returned nan")])
def test_a_bad_reward_is_named_with_its_row(function, message, digits_method, tiny_base, digit_rows):
    task = replace(digits_method.tasks[0], rewards=(Reward(function=function),))
    loop = Loop(digits_method.stages[0], [task], "float32", 0, tiny_base, digit_rows, None)
    with pytest.raises(RlvrError, match=message) as caught:
        loop.advance()
    assert any(row["row_id"] in str(caught.value) for row in loop.rows)


def test_too_long_prompts_are_refused_by_name(digits_method, tiny_base, digit_rows):
    stage = replace(digits_method.stages[0], max_prompt_tokens=5)
    loop = Loop(stage, digits_method.tasks, "float32", 0, tiny_base, digit_rows, None)
    with pytest.raises(RlvrError, match=r"Row [0-9a-f]{16}: its prompt has \d+ tokens"):
        loop.advance()


def test_no_rows_is_an_error(digits_method, tiny_base, tmp_path):
    write([], tmp_path)
    with pytest.raises(RlvrError, match="holds no rows of tasks"):
        Loop(digits_method.stages[0], digits_method.tasks, "float32", 0, tiny_base, tmp_path, None)
