"""From long to short: model merging, shortest rejection sampling and DPO on a tiny base."""

import json
import math
from dataclasses import replace

import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch.nn.functional import logsigmoid

import coin_reward
from interruption import Interrupted, interrupt_after
from rlvr.backbones.checkpoint import load_model, load_processor
from rlvr.canonical import plain
from rlvr.checkpoints import Checkpoints
from rlvr.data.rows import read
from rlvr.errors import RlvrError
from rlvr.launch import Stopped, launch
from rlvr.long2short import dpo, shortest
from rlvr.long2short import draw as drawing
from rlvr.long2short.draw import draw
from rlvr.long2short.merge import average, merge
from rlvr.method import Reward
from rlvr.rl.encoding import Encoder
from rlvr.rl.engine import Plain
from rlvr.rl.offline import Example
from rlvr.rl.policy import Policy
from rlvr.rl.preferences import shortest_correct
from rlvr.rl.rollout import Rollout
from rlvr.store import manifest_of, open_store
from rlvr.training import Dpo, Lora, Merge, Optimiser, Sampling, Scale, Sft, ShortestSft

SAMPLING = Sampling(max_new_tokens=24, stop_tokens=tuple("0123456789abcdef"))
"""Completions of many lengths, though the base hardly ever ends one."""
SHORTEST = ShortestSft(
    fit=Sft(optimiser=Optimiser(learning_rate=1e-3), steps=4, batch_size=4, checkpoint_every=2),
    samples=4,
    sampling=SAMPLING,
)
DPO = Dpo(
    optimiser=Optimiser(learning_rate=1e-3, schedule="constant"),
    samples=4,
    sampling=SAMPLING,
    ratio=1.2,
    steps=6,
    batch_size=4,
    checkpoint_every=2,
)


def checkpoint(folder, shards):
    """A folder in the transformers format: each dictionary of tensors becomes a file."""
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    for number, tensors in enumerate(shards):
        save_file(tensors, folder / f"model-{number}.safetensors", {"format": "pt"})
    return folder


def tensors(seed, dtype=torch.float32):
    generator = torch.Generator().manual_seed(seed)
    return {name: torch.randn(3, 4, generator=generator).to(dtype) for name in ("a", "b", "c")}


def merged(base, other, folder, weight=0.5):
    merge(stage=plain(Merge(weight=weight)), base=base, other=other, model=folder / "model", log=folder / "log")
    files = sorted((folder / "model").glob("*.safetensors"))
    return {name: value for file in files for name, value in load_file(file).items()}


def test_the_average_is_the_plain_one_and_keeps_ends_and_equals_exactly():
    first, second = tensors(0)["a"], tensors(1)["a"]
    assert torch.allclose(average(first, second, 0.25), 0.75 * first + 0.25 * second)
    for weight in (0.0, 0.3, 0.5, 1.0):
        assert torch.equal(average(first, first, weight), first)
    assert torch.equal(average(first, second, 0.0), first) and torch.equal(average(first, second, 1.0), second)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_sharded_checkpoints_merge_by_name(dtype, tmp_path):
    one, two = tensors(0, dtype), tensors(1, dtype)
    base = checkpoint(tmp_path / "base", [{"a": one["a"], "b": one["b"]}, {"c": one["c"]}])
    other = checkpoint(tmp_path / "other", [{"c": two["c"]}, {"a": two["a"]}, {"b": two["b"]}])
    result = merged(base, other, tmp_path, 0.25)
    for name in one:
        wanted = (0.75 * one[name].double() + 0.25 * two[name].double()).to(dtype)
        assert result[name].dtype == dtype
        assert torch.allclose(result[name].double(), wanted.double(), rtol=1e-6 if dtype == torch.float32 else 1e-2)
    names = sorted(path.name for path in (tmp_path / "model").iterdir())
    assert names == ["config.json", "model-0.safetensors", "model-1.safetensors"]


def test_a_merged_tiny_model_loads_and_lies_between(digits_method, tiny_base, tmp_path):
    from rlvr.backbones.prepare import prepare

    method = replace(digits_method.backbone, tiny=replace(digits_method.backbone.tiny, warmup_steps=2))
    other = tmp_path / "other"
    prepare(backbone=plain(method), tasks=[plain(task) for task in digits_method.tasks], model=other)
    merged(tiny_base, other, tmp_path)
    models = [load_model(folder).state_dict() for folder in (tiny_base, other, tmp_path / "model")]
    for name, weights in models[2].items():
        assert torch.allclose(weights, (models[0][name] + models[1][name]) / 2, atol=1e-6), name
    assert json.loads((tmp_path / "log/merge/stage.json").read_text())["kind"] == "Merge"


def test_merging_a_model_with_itself_gives_it_back(tiny_base, tmp_path):
    merged(tiny_base, tiny_base, tmp_path)
    assert manifest_of(tmp_path / "model").digest == manifest_of(tiny_base).digest


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda shard: shard.pop("c"), r"1 weights of .*base are not in .*other, among them c\."),
        (lambda shard: shard.update(d=torch.zeros(1)), r"1 weights of .*other are not in .*base, among them d\."),
        (lambda shard: shard.update(c=torch.zeros(2, 2)), r"The weight c is \[3, 4\] in the start model and \[2, 2\]"),
        (lambda shard: shard.clear(), r"other holds no \*\.safetensors"),
    ],
)
def test_what_cannot_be_merged_is_named(change, message, tmp_path):
    shard = tensors(1)
    change(shard)
    base, other = checkpoint(tmp_path / "base", [tensors(0)]), checkpoint(tmp_path / "other", [shard])
    with pytest.raises(RlvrError, match=message):
        merged(base, other, tmp_path)


@pytest.fixture(scope="module")
def tasks(digits_method):
    """The digit task, with a reward that calls about half of all completions right."""
    return [replace(task, rewards=(Reward(function=coin_reward.heads),)) for task in digits_method.tasks]


def perform(body, stage, tasks, base, rows, folder, **others):
    body(
        stage=plain(stage), tasks=[plain(task) for task in tasks], precision="float32", seed=0, base=base, rows=rows,
        model=folder / "model", log=folder / "log", **others,
    )  # fmt: skip
    return manifest_of(folder / "model").digest


def metrics(folder, name):
    return [json.loads(line) for line in (folder / "log" / name / "metrics.jsonl").read_text().splitlines()]


def summary(folder, name):
    return json.loads((folder / "log" / name / "stage.json").read_text())


def drawn(tasks, base, rows, checkpoints=None):
    processor = load_processor(base)
    rollout = Rollout(load_model(base), processor.tokenizer)
    return draw(rollout, processor, read(rows), tasks, SHORTEST, seed=0, checkpoints=checkpoints)


@pytest.fixture(scope="module")
def draws(tasks, tiny_base, digit_rows):
    return drawn(tasks, tiny_base, digit_rows)


def test_every_row_is_drawn_and_scored(draws, tiny_base, digit_rows):
    rows, tokenizer = read(digit_rows), load_processor(tiny_base).tokenizer
    assert [len(group) for group in draws.groups] == [4] * len(rows)
    for row, group in zip(rows, draws.groups, strict=True):
        assert {record["row_id"] for record in group} == {row["row_id"]}
        for record in group:
            assert record["completion"] == tokenizer.decode(record["ids"], skip_special_tokens=True)
            assert record["tokens"] == len(record["ids"]) <= 24
            assert record["correct"] == (coin_reward.heads([record["completion"]])[0] == 1.0)
    assert 0 < sum(record["correct"] for record in draws.records) < len(draws.records)


def test_an_interrupted_draw_goes_on_and_batches_do_not_matter(
    draws, tasks, tiny_base, digit_rows, tmp_path, monkeypatch
):
    monkeypatch.setattr(drawing, "ROWS", 5)
    monkeypatch.setattr(drawing, "SECONDS_BETWEEN", 0.0)
    checkpoints = Checkpoints(open_store(str(tmp_path)), "key")
    with monkeypatch.context() as patch:
        interrupt_after(patch, Rollout, "generate", 3)
        with pytest.raises(Interrupted):
            drawn(tasks, tiny_base, digit_rows, checkpoints)
    assert drawing.beside(checkpoints).latest()[0] == 15 and checkpoints.latest() is None
    assert drawn(tasks, tiny_base, digit_rows, checkpoints).records == draws.records


@pytest.fixture(scope="module")
def shortened(tasks, tiny_base, digit_rows, tmp_path_factory):
    folder = tmp_path_factory.mktemp("shortest")
    perform(shortest.train, SHORTEST, tasks, tiny_base, digit_rows, folder)
    return folder


def test_shortest_sampling_learns_the_shortest_correct_completions(shortened, draws, tasks, digit_rows):
    rows, prompts = read(digit_rows), {task.name: task.prompt for task in tasks}
    kept = shortest.shortest_rows(rows, draws.groups, prompts)
    wanted = {}
    for row, group in zip(rows, draws.groups, strict=True):
        correct = sorted((record["tokens"], place) for place, record in enumerate(group) if record["correct"])
        if correct:
            wanted[row["row_id"]] = prompts[row["task"]].prefill + group[correct[0][1]]["completion"]
    assert {row["row_id"]: row["response"] for row in kept} == wanted
    about = summary(shortened, "shortest")
    assert about["kind"] == "ShortestSft" and about["rows_left_out"] == len(rows) - len(kept) > 0
    assert pq.read_table(shortened / "log/shortest/draws.parquet").to_pylist() == draws.records
    lines = metrics(shortened, "shortest")
    assert len(lines) == 4 and lines[-1]["loss"] < lines[0]["loss"]


@pytest.fixture(scope="module")
def preferred(tasks, tiny_base, digit_rows, tmp_path_factory):
    folder = tmp_path_factory.mktemp("dpo")
    perform(dpo.train, DPO, tasks, tiny_base, digit_rows, folder)
    return folder


def test_dpo_begins_at_log_two_and_widens_the_margin(preferred, draws):
    lines = metrics(preferred, "dpo")
    assert lines[0]["loss"] == pytest.approx(math.log(2), abs=1e-5) and lines[0]["margin"] == pytest.approx(0, abs=1e-4)
    assert lines[-1]["loss"] < 0.6 and lines[-1]["margin"] > 0.2 and lines[-1]["accuracy"] > 0.5
    for line in lines:
        assert line["margin"] == pytest.approx(line["chosen_reward"] - line["rejected_reward"], abs=1e-5)
    about, pairs = summary(preferred, "dpo"), dpo.pairs_of(draws.groups, DPO.ratio)
    assert about["kind"] == "Dpo" and about["pairs"] == len(pairs)
    assert about["pairs_wrong"] == sum(not pair.rejected["correct"] for pair in pairs)
    assert about["rows_left_out"] == len(draws.groups) - len({pair.row for pair in pairs})


def test_pairs_follow_the_rule(draws):
    pairs = dpo.pairs_of(draws.groups, 1.2)
    assert pairs
    for pair in pairs:
        group = draws.groups[pair.row]
        best = shortest_correct([record["tokens"] for record in group], [record["correct"] for record in group])
        assert pair.chosen is group[best] and pair.chosen["correct"]
        factor = 1.2 if pair.rejected["correct"] else 1.0
        assert pair.rejected["tokens"] >= factor * pair.chosen["tokens"] and pair.rejected is not pair.chosen


def test_the_loss_is_that_of_the_paper(draws, tasks, tiny_base, digit_rows):
    """Against log-probs of the plain model, one sequence at a time, and two separate models."""
    encoder = Encoder(load_processor(tiny_base), {task.name: task.prompt for task in tasks})
    start, moved = load_model(tiny_base), load_model(tiny_base)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in moved.parameters():
            parameter.add_(0.02 * torch.randn(parameter.shape, generator=generator))
    rows, pairs = read(digit_rows), dpo.pairs_of(draws.groups, 1.0)[:5]
    assert len(pairs) == 5
    examples, expected = [], []
    for number, pair in enumerate(pairs):
        prompt = encoder.prompt(rows[pair.row])
        responses = tuple(torch.tensor(side["ids"]) for side in (pair.chosen, pair.rejected))
        examples.append(Example(number=number, prompt=prompt, responses=responses))
        values = [[alone(model, prompt, ids) for ids in responses] for model in (moved, start)]
        expected.append(0.1 * ((values[0][0] - values[1][0]) - (values[0][1] - values[1][1])))
    reference = dpo.reference_logprobs(Policy(start), examples, limit=200)
    objective = dpo.preference_loss(reference, 0.1)
    parts = [objective(Policy(moved), part, examples) for part in (examples[:2], examples[2:])]
    wanted = -logsigmoid(torch.tensor(expected))
    assert float(sum(loss.detach() for loss, _ in parts)) == pytest.approx(float(wanted.mean()), rel=1e-4)
    assert sum(values["margin"] for _, values in parts) == pytest.approx(sum(expected) / 5, rel=1e-3)


@torch.no_grad()
def alone(model, prompt, response):
    """Log-prob of a whole response by the model's own forward pass."""
    ids = torch.cat([prompt.ids, response])
    types = torch.cat([prompt.token_types, torch.zeros_like(response)])
    mask = torch.ones_like(ids)[None]
    logits = model(input_ids=ids[None], mm_token_type_ids=types[None], attention_mask=mask, **prompt.media).logits[0]
    logprobs = logits[len(prompt.ids) - 1 : -1].log_softmax(-1)
    return float(logprobs.gather(1, response[:, None]).sum())


@pytest.mark.parametrize(("stage", "body"), [(SHORTEST, shortest.train), (DPO, dpo.train)], ids=["shortest", "dpo"])
@pytest.mark.parametrize(("owner", "name", "calls"), [(Rollout, "generate", 1), (Plain, "step", 3)])
def test_an_interrupted_stage_ends_with_the_same_bytes(
    owner, name, calls, stage, body, request, tasks, tiny_base, digit_rows, tmp_path, monkeypatch
):
    whole = request.getfixturevalue("preferred" if stage is DPO else "shortened")
    monkeypatch.setattr(drawing, "SECONDS_BETWEEN", 0.0)
    store = open_store(str(tmp_path / "store"))
    checkpoints = Checkpoints(store, "key")
    with monkeypatch.context() as patch:
        interrupt_after(patch, owner, name, calls)
        with pytest.raises(Interrupted):
            perform(body, stage, tasks, tiny_base, digit_rows, tmp_path / "cut", checkpoints=checkpoints)
    digest = perform(body, stage, tasks, tiny_base, digit_rows, tmp_path / "rest", checkpoints=checkpoints)
    assert digest == manifest_of(whole / "model").digest
    untimed = [[{**line, "seconds": 0} for line in metrics(place, stage.name)] for place in (whole, tmp_path / "rest")]
    assert untimed[0] == untimed[1]
    assert store.keys("checkpoints/key-draws/") == []


def test_asked_to_stop_a_draw_saves_and_says_so(tasks, tiny_base, digit_rows, tmp_path, monkeypatch):
    monkeypatch.setattr(drawing, "stop_requested", lambda: True)
    monkeypatch.setattr(drawing, "ROWS", 8)
    checkpoints = Checkpoints(open_store(str(tmp_path / "store")), "key")
    with pytest.raises(Stopped, match="after row 8 of 24"):
        perform(dpo.train, DPO, tasks, tiny_base, digit_rows, tmp_path, checkpoints=checkpoints)
    assert drawing.beside(checkpoints).latest()[0] == 8


def test_asked_to_stop_training_saves_and_says_so(tasks, tiny_base, digit_rows, tmp_path, monkeypatch):
    from rlvr.rl import offline

    monkeypatch.setattr(offline, "stop_requested", lambda: True)
    checkpoints = Checkpoints(open_store(str(tmp_path / "store")), "key")
    with pytest.raises(Stopped, match="after step 1 of 6"):
        perform(dpo.train, DPO, tasks, tiny_base, digit_rows, tmp_path, checkpoints=checkpoints)
    assert checkpoints.latest()[0] == 1


@pytest.mark.parametrize(
    ("stage", "body", "message"),
    [
        (SHORTEST, shortest.train, "none of the 96 completions of 24 rows is correct"),
        (DPO, dpo.train, "the 96 completions of 24 rows make no pair"),
    ],
)
def test_nothing_correct_is_an_error(stage, body, message, tasks, tiny_base, digit_rows, tmp_path):
    hopeless = [replace(task, rewards=(Reward(function=coin_reward.tails),)) for task in tasks]
    with pytest.raises(RlvrError, match=message):
        perform(body, stage, hopeless, tiny_base, digit_rows, tmp_path)


def test_dpo_with_adapters_starts_from_the_same_reference(tasks, tiny_base, digit_rows, tmp_path):
    optimiser = replace(DPO.optimiser, learning_rate=1e-2)
    stage = replace(DPO, lora=Lora(rank=8, alpha=32.0), steps=5, batch_size=64, optimiser=optimiser)
    perform(dpo.train, stage, tasks, tiny_base, digit_rows, tmp_path)
    lines = metrics(tmp_path, "dpo")
    assert lines[0]["loss"] == pytest.approx(math.log(2), abs=1e-5) and lines[-1]["margin"] > 0.02


def test_two_ranks_prefer_as_one(preferred, tasks, tiny_base, digit_rows, tmp_path):
    given = {"stage": plain(DPO), "tasks": [plain(task) for task in tasks], "precision": "float32", "seed": 0}
    places = {"base": tiny_base, "rows": digit_rows, "model": tmp_path / "model", "log": tmp_path / "log"}
    launch(dpo.train, Scale(processes=2), **given, **places)
    draws = [pq.read_table(folder / "log/dpo/draws.parquet").to_pylist() for folder in (preferred, tmp_path)]
    assert draws[0] == draws[1]
    for one, two in zip(metrics(preferred, "dpo"), metrics(tmp_path, "dpo"), strict=True):
        assert one["loss"] == pytest.approx(two["loss"], abs=1e-4)
        assert one["margin"] == pytest.approx(two["margin"], abs=1e-3)
