"""Supervised fine-tuning: it learns what it is told to, resumes bit for bit and runs on several ranks."""

import json
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from interruption import Interrupted, interrupt_after
from rlvr.backbones.checkpoint import load_model, load_processor
from rlvr.canonical import plain
from rlvr.checkpoints import Checkpoints
from rlvr.data.rows import read, write
from rlvr.errors import RlvrError
from rlvr.launch import launch
from rlvr.rl.encoding import Encoder
from rlvr.rl.engine import Plain
from rlvr.sft import fit, train
from rlvr.store import manifest_of, open_store
from rlvr.training import Lora, Optimiser, Scale, Sft

STAGE = Sft(optimiser=Optimiser(learning_rate=1e-3), steps=5, batch_size=4, checkpoint_every=2)


@pytest.fixture(scope="module")
def rows(digits_method, digit_rows, tmp_path_factory):
    """Digit rows with worked responses."""
    folder = tmp_path_factory.mktemp("responses")
    source = digits_method.tasks[0].source
    write([{**row, "response": source.demonstrate(row)} for row in read(digit_rows)], folder)
    return folder


def arguments(method, base, rows, folder, stage=STAGE, scale=None, **others):
    return {
        "stage": plain(stage),
        "tasks": [plain(task) for task in method.tasks],
        "precision": "float32",
        "scale": plain(scale or Scale()),
        "seed": 0,
        "base": base,
        "rows": rows,
        "model": folder / "model",
        "log": folder / "log",
        **others,
    }


def metrics(folder):
    return [json.loads(line) for line in (folder / "log/sft/metrics.jsonl").read_text().splitlines()]


def weights(folder):
    return load_file(folder / "model/model.safetensors")


@pytest.fixture(scope="module")
def whole(digits_method, tiny_base, rows, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    train(**arguments(digits_method, tiny_base, rows, folder))
    return folder


def test_it_learns_and_logs(whole):
    lines = metrics(whole)
    assert [line["step"] for line in lines] == [1, 2, 3, 4, 5]
    assert lines[-1]["loss"] < lines[0]["loss"]
    summary = json.loads((whole / "log/sft/stage.json").read_text())
    assert summary["kind"] == "Sft" and summary["response_tokens"] == sum(line["response_tokens"] for line in lines)


def test_an_interrupted_stage_ends_with_the_same_bytes(digits_method, tiny_base, rows, whole, tmp_path, monkeypatch):
    checkpoints = Checkpoints(open_store(str(tmp_path / "store")), "key")
    with monkeypatch.context() as patch:
        interrupt_after(patch, Plain, "step", 3)
        with pytest.raises(Interrupted):
            train(**arguments(digits_method, tiny_base, rows, tmp_path / "cut", checkpoints=checkpoints))
    assert checkpoints.latest()[0] == 2
    train(**arguments(digits_method, tiny_base, rows, tmp_path / "rest", checkpoints=checkpoints))
    assert manifest_of(tmp_path / "rest/model").digest == manifest_of(whole / "model").digest
    assert [line["loss"] for line in metrics(tmp_path / "rest")] == [line["loss"] for line in metrics(whole)]


def test_a_log_of_earlier_stages_is_taken_on(digits_method, tiny_base, rows, whole, tmp_path):
    second = replace(STAGE, name="again", steps=1)
    train(**arguments(digits_method, tiny_base, rows, tmp_path, second, previous=whole / "log"))
    assert sorted(path.name for path in (tmp_path / "log").iterdir()) == ["again", "sft"]


def test_rows_without_response_and_no_rows_are_errors(digits_method, tiny_base, digit_rows, tmp_path):
    with pytest.raises(RlvrError, match="24 of 24 rows have no reference response, among them"):
        train(**arguments(digits_method, tiny_base, digit_rows, tmp_path))
    write([], tmp_path / "none")
    with pytest.raises(RlvrError, match="holds no rows of tasks"):
        train(**arguments(digits_method, tiny_base, tmp_path / "none", tmp_path))


@pytest.mark.parametrize("loss_on", ["response", "everything"])
def test_the_loss_is_the_models_own_on_the_learnt_tokens(loss_on, digits_method, tiny_base, rows):
    row, task = read(rows)[0], digits_method.tasks[0]
    network, processor = load_model(tiny_base), load_processor(tiny_base)
    encoder = Encoder(processor, {task.name: task.prompt})
    prompt, response = encoder.prompt(row), encoder.response(row, row["response"])
    ids = torch.cat([prompt.ids, response])
    types = torch.cat([prompt.token_types, torch.zeros_like(response)])
    labels = ids.masked_fill(types != 0, -100)
    if loss_on == "response":
        labels[: len(prompt.ids)] = -100
    inputs = {"input_ids": ids[None], "mm_token_type_ids": types[None], "labels": labels[None], **prompt.media}
    with torch.no_grad():
        expected = float(network(attention_mask=torch.ones_like(ids)[None], **inputs).loss)
    stage = replace(STAGE, loss_on=loss_on, steps=1, batch_size=1)
    _, log = fit(network, processor, [row], {task.name: task.prompt}, stage, seed=0)
    assert log.metrics[0]["loss"] == pytest.approx(expected, rel=1e-5)
    assert log.metrics[0]["response_tokens"] == len(response)


def test_adapters_change_their_targets_alone(digits_method, tiny_base, rows, tmp_path):
    stage = replace(STAGE, lora=Lora(rank=4, alpha=8.0, targets=("q_proj", "up_proj")), steps=2)
    train(**arguments(digits_method, tiny_base, rows, tmp_path, stage))
    before, after = load_file(tiny_base / "model.safetensors"), weights(tmp_path)
    assert before.keys() == after.keys()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed == {
        name for name in before if ("q_proj" in name or "up_proj" in name) and "visual" not in name and "weight" in name
    }
    train(**arguments(digits_method, tiny_base, rows, tmp_path / "again", stage))
    assert manifest_of(tmp_path / "again/model").digest == manifest_of(tmp_path / "model").digest


@pytest.mark.parametrize("loss_on", ["response", "everything"])
def test_micro_batches_do_not_change_the_result(loss_on, digits_method, tiny_base, rows, tmp_path):
    stage = replace(STAGE, loss_on=loss_on, steps=2)
    for folder, limit in (("one", 16_384), ("many", 1)):
        scale = Scale(micro_batch_tokens=limit)
        train(**arguments(digits_method, tiny_base, rows, tmp_path / folder, stage, scale))
    for one, many in zip(metrics(tmp_path / "one"), metrics(tmp_path / "many"), strict=True):
        assert one["loss"] == pytest.approx(many["loss"], rel=1e-5)
        assert one["grad_norm"] == pytest.approx(many["grad_norm"], rel=1e-4)


def test_two_ranks_train_as_one(digits_method, tiny_base, rows, whole, tmp_path):
    given = arguments(digits_method, tiny_base, rows, tmp_path)
    del given["scale"]  # processes are all that differs
    launch(train, Scale(processes=2), **given)
    for one, two in zip(metrics(whole), metrics(tmp_path), strict=True):
        assert one["loss"] == pytest.approx(two["loss"], rel=1e-5)
        assert one["grad_norm"] == pytest.approx(two["grad_norm"], rel=1e-4)
        assert one["response_tokens"] == two["response_tokens"]
    one, two = weights(whole), weights(tmp_path)
    assert all(torch.allclose(one[name], two[name], atol=1e-4) for name in one)
