"""Rows that cannot be read in the middle of a run, few rows, empty completions, parts that do not belong together."""

import json
import shutil
from dataclasses import replace

import pyarrow.parquet as pq
import pytest
import table
import torch
from small_training import SFT, grpo_stage, metrics, notes, sft_stage, train

from rlvr.backbones.checkpoint import load_model, load_processor
from rlvr.backbones.vocabulary import require_same_tokens, require_vocabulary
from rlvr.data.rows import read, write
from rlvr.errors import RlvrError
from rlvr.long2short.merge import merge
from rlvr.rl.sample import nothing
from rlvr.rl.train import Loop
from rlvr.training import Curriculum, Loss, Merge, PartialRollouts, Prioritised, Uniform, VarianceAware


@pytest.fixture(scope="module")
def spoilt(digits_method, digit_rows, tmp_path_factory):
    """Six answered rows, one of which has a picture that was cut off; and that row's id."""
    source = digits_method.tasks[0].source
    rows = [{**row, "response": source.demonstrate(row)} for row in read(digit_rows)][:6]
    rows[2] = {**rows[2], "images": [rows[2]["images"][0][:60]]}
    folder = tmp_path_factory.mktemp("spoilt")
    write(rows, folder)
    return folder, rows[2]["row_id"]


OPTIONS = {
    "plain": {},
    "partial rollouts": {"partial_rollouts": PartialRollouts(tokens_per_step=8)},
    "curriculum": {"sampler": Curriculum(by="pass_rate", samples=2, warmup_steps=1)},
    "variance-aware": {"sampler": VarianceAware(every=2, samples=2)},
}


@pytest.mark.parametrize("name", OPTIONS)
def test_a_picture_that_cannot_be_decoded_stops_by_name_or_is_left_out(
    name, spoilt, digits_method, tiny_base, tmp_path, monkeypatch
):
    rows, bad = spoilt
    given = (digits_method, tiny_base, rows)
    stage = replace(grpo_stage(digits_method), **OPTIONS[name])
    with pytest.raises(RlvrError, match=rf"Stage grpo, step \d: Row {bad}: a picture cannot be decoded"):
        train(stage, *given, tmp_path)
    path = tmp_path / "progress.jsonl"
    monkeypatch.setenv("RLVR_PROGRESS", str(path))
    stage = replace(grpo_stage(digits_method, unreadable="skip"), **OPTIONS[name])
    train(stage, *given, tmp_path / "skip")
    lines = metrics(tmp_path / "skip")
    seen = {row["row_id"] for row in pq.read_table(tmp_path / "skip/log/grpo/rollouts.parquet").to_pylist()}
    table.record("training", "picture cannot be decoded", tried=2, repeated=1, lost=int(bad in seen))
    assert len(lines) == 4 and sum(line["rows_left_out"] for line in lines) > 0 and seen and bad not in seen
    assert any(f"Row {bad}" in note and note.endswith("the row is left out") for note in notes(path))


def test_supervised_steps_go_on_without_it(spoilt, digits_method, tiny_base, tmp_path):
    rows, bad = spoilt
    with pytest.raises(RlvrError, match=rf"Stage sft, step \d: Row {bad}: a picture cannot be decoded"):
        train(sft_stage(), digits_method, tiny_base, rows, tmp_path)
    train(sft_stage(unreadable="skip"), digits_method, tiny_base, rows, tmp_path / "skip")
    lines = metrics(tmp_path / "skip", "sft")
    table.record("training", "picture cannot be decoded", tried=2, repeated=1)
    assert len(lines) == 4 and sum(line["rows_left_out"] for line in lines) > 0
    assert all(line["loss"] > 0 for line in lines)


def test_steps_without_any_row_that_can_be_read_are_empty(spoilt, digits_method, tiny_base, tmp_path):
    rows, bad = spoilt
    write([row for row in read(rows) if row["row_id"] == bad], tmp_path / "rows")
    for stage in (grpo_stage(digits_method, unreadable="skip"), sft_stage(unreadable="skip")):
        train(stage, digits_method, tiny_base, tmp_path / "rows", tmp_path / stage.name)
        lines = metrics(tmp_path / stage.name, stage.name)
        assert [line["grad_norm"] for line in lines] == [0.0] * 4


@pytest.mark.parametrize("sampler", [Uniform(), Prioritised(), Curriculum(by="pass_rate", samples=2), VarianceAware()])
def test_fewer_rows_than_a_step_takes_come_several_times(
    sampler, digits_method, tiny_base, digit_rows, tmp_path, monkeypatch
):
    path = tmp_path / "progress.jsonl"
    monkeypatch.setenv("RLVR_PROGRESS", str(path))
    write(read(digit_rows)[:2], tmp_path / "rows")
    stage = replace(grpo_stage(digits_method), sampler=sampler, steps=2)
    train(stage, digits_method, tiny_base, tmp_path / "rows", tmp_path)
    rollouts = pq.read_table(tmp_path / "log/grpo/rollouts.parquet").to_pylist()
    table.record("training", "fewer rows than a step takes", tried=1, lost=int(len(rollouts) != 2 * 3 * 4))
    assert len(rollouts) == 2 * 3 * 4 and "2 rows, and a step takes 3: some come several times" in notes(path)


def test_fewer_examples_than_a_batch(digits_method, tiny_base, spoilt, tmp_path, monkeypatch):
    path = tmp_path / "progress.jsonl"
    monkeypatch.setenv("RLVR_PROGRESS", str(path))
    write(read(spoilt[0])[:1], tmp_path / "rows")
    train(SFT, digits_method, tiny_base, tmp_path / "rows", tmp_path)
    table.record("training", "fewer rows than a step takes", tried=1)
    assert "1 examples, and a step takes 4: some come several times" in notes(path)
    assert len(metrics(tmp_path, "sft")) == 4


@pytest.mark.parametrize("normaliser", ["sequence_mean", "token_mean", "constant_length", "sequence_sum"])
def test_a_completion_of_no_tokens_has_no_gradient_and_breaks_nothing(normaliser, digits_method, tiny_base, digit_rows):
    stage = replace(digits_method.stages[0], loss=Loss(kl_weight=0.1, normaliser=normaliser))
    loop = Loop(stage, digits_method.tasks, "float32", 0, tiny_base, digit_rows, None)
    groups, _ = loop.collector.step(0)

    def gradients(samples):
        loop.updater.accumulate(samples)
        found = {name: weight.grad.clone() for name, weight in loop.engine.masters.items()}
        loop.engine.discard()
        return found

    samples = [sample for group in groups for sample in group]
    empty = replace(samples[0], ids=nothing(), logprobs=torch.zeros(0), truncated=False, text="")
    loop.prompts.prefix = None  # its graph serves one backward pass
    with_it, without = gradients([empty, *samples[1:]]), gradients(samples[1:])
    lost = sum(not torch.equal(with_it[name], without[name]) for name in without)
    table.record("training", "completion of no tokens", tried=1, lost=int(lost > 0))
    assert not lost
    scored = loop.collector.scored([[empty, *groups[0][1:]]])[0]
    assert [sample.length for sample in scored] == [0, *(sample.length for sample in groups[0][1:])]
    assert loop.collector.judge([[empty]])[0][0].text == ""


@pytest.fixture
def copied_base(tiny_base, tmp_path):
    folder = tmp_path / "base"
    shutil.copytree(tiny_base, folder, copy_function=shutil.copyfile)
    return folder


def test_more_tokens_than_embeddings_are_refused(copied_base, digits_method, digit_rows, spoilt, tmp_path):
    processor = load_processor(copied_base)
    size = load_model(copied_base).get_input_embeddings().weight.shape[0]
    processor.tokenizer.add_tokens([f"<new{number}>" for number in range(size)])
    processor.save_pretrained(copied_base)
    for stage, rows in ((grpo_stage(digits_method), digit_rows), (SFT, spoilt[0])):
        with pytest.raises(
            RlvrError, match=rf"the token '<new\d+>' with number \d+, and the model embeds {size} tokens"
        ):
            train(stage, digits_method, copied_base, rows, tmp_path / stage.name)
        table.record("training", "more tokens than embeddings", tried=1, repeated=1)


def test_special_tokens_of_another_model_are_refused(copied_base):
    processor, model = load_processor(copied_base), load_model(copied_base)
    require_vocabulary(model, processor, copied_base)
    model.config.image_token_id += 1
    table.record("training", "tokenizer of another model", tried=1, repeated=1)
    with pytest.raises(RlvrError, match=r"the image token is number (\d+) for the tokenizer and (\d+) for the model"):
        require_vocabulary(model, processor, copied_base)


def test_models_with_different_tokenizers_are_not_merged(copied_base, tiny_base, tmp_path):
    require_same_tokens(copied_base, tiny_base)
    file = copied_base / "tokenizer.json"
    content = json.loads(file.read_text())
    vocabulary = content["model"]["vocab"]
    first, second = list(vocabulary)[-2:]
    vocabulary[first], vocabulary[second] = vocabulary[second], vocabulary[first]
    file.write_text(json.dumps(content))
    table.record("training", "tokenizer of another model", tried=1, repeated=1)
    with pytest.raises(RlvrError, match="weights of models with different tokenizers cannot be mixed"):
        merge(stage={}, base=tiny_base, other=copied_base, model=tmp_path / "model", log=tmp_path / "log")
    assert Merge().other == "base"


def test_adapters_without_their_model_are_refused(copied_base):
    (copied_base / "config.json").rename(copied_base / "adapter_config.json")
    with pytest.raises(RlvrError, match=r"holds adapters \(adapter_config.json\) without the model"):
        load_model(copied_base)
