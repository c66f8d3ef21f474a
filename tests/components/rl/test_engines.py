"""Engines: one process or two, plain or ZeRO, full weights or adapters, give the same weights and go on exactly."""

from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file

from rlvr.backbones.backbone import Tiny
from rlvr.backbones.checkpoint import load_model
from rlvr.backbones.tiny import build
from rlvr.data.rows import read
from rlvr.errors import RlvrError
from rlvr.launch import launch
from rlvr.prompts import Prompt
from rlvr.rl.balance import assign, padded_micro_batches
from rlvr.rl.encoding import EncodedPrompt, Encoder
from rlvr.rl.engine import Plain, make_engine, write_model
from rlvr.rl.lora import adapters_off
from rlvr.rl.policy import Policy
from rlvr.rl.rollout import Rollout
from rlvr.training import Lora, Optimiser, Sampling, Scale

OPTIMISER = Optimiser(learning_rate=1e-4, weight_decay=0.1, warmup_fraction=0.3)
ONE = Scale()
FAMILIES = {"qwen2_vl": 0, "qwen2_5_vl": 0, "qwen3_vl": 0, "internvl": 1, "kimi_k25": 1}
"""Families, and whether their projector lies outside the vision tower."""


def small(architecture="qwen2_5_vl"):
    texts = ["How many items are there in the picture? <think> 1 2 3 </think> <answer> 3 </answer>"] * 4
    return build(architecture, Tiny(hidden_size=64, layers=2, vision_size=32), texts)


def encoded(processor, rows):
    """Four prompts, the first of text alone, with two responses each."""
    encoder = Encoder(processor, {"digits": Prompt(template="{question} Answer.", prefill="<think>")})
    text = EncodedPrompt(row_id="t", ids=torch.arange(20, 40), token_types=torch.zeros(20, dtype=torch.long), media={})
    prompts = [text, *(encoder.prompt(row) for row in read(rows)[:3])]
    noise = torch.Generator().manual_seed(0)
    return prompts, [[torch.randint(20, 90, (n,), generator=noise) for n in (5, 9)] for _ in prompts]


def advance(engine, prompts, responses, number):
    """One update on all prompts, one a micro-batch, shared among the ranks."""
    for index in range(engine.world.rank, len(prompts), engine.world.size):
        logprobs = engine.policy([prompts[index]], [responses[index]])
        engine.backward(-(number + 1) * logprobs.mean() / len(prompts))
    return engine.step(number)


def three_updates(*, rows, out, zero, offload, processes):
    """Train, and train again from the checkpoint after two updates; the main rank writes what came of both to `out`."""
    torch.set_num_threads(1)
    if zero == 3:  # tiny weights too are split
        from rlvr.rl import deepspeed_engine

        whole = deepspeed_engine.configuration

        def configuration(*arguments):
            content = whole(*arguments)
            content["zero_optimization"]["stage3_param_persistence_threshold"] = 0
            return content

        deepspeed_engine.configuration = configuration
    scale = Scale(processes=processes, zero_stage=zero, offload_optimiser=offload)
    model, processor = small()
    engine = make_engine(Policy(model), OPTIMISER, 3, scale)
    prompts, responses = encoded(processor, rows)
    norms = [advance(engine, prompts, responses, number) for number in range(2)]
    with engine.world.folder() as folder:
        engine.save(folder)
        norms.append(advance(engine, prompts, responses, 2))
        ended = engine.state_dict()
        with engine.gathered():
            rollout = Rollout(engine.policy.model, processor.tokenizer)
            drawn = rollout.generate(prompts[1:], 2, Sampling(max_new_tokens=6), seed=0) if engine.world.main else []
            scored = engine.policy([prompts[1]], [[completion.ids for completion in drawn[0]]]) if drawn else None
        write_model(engine, processor, out / "model")
        fresh = make_engine(Policy(small()[0]), OPTIMISER, 3, scale)
        fresh.load(folder)
        advance(fresh, prompts, responses, 2)
    resumed = fresh.state_dict()
    if engine.world.main:
        save_file(ended, out / "ended.safetensors")
        save_file(resumed, out / "resumed.safetensors")
        completions = {str(n): c.ids for n, c in enumerate(c for group in drawn for c in group)}
        kept = torch.cat([completion.logprobs for completion in drawn[0]])
        save_file(
            {"norms": torch.tensor(norms), "kept": kept, "scored": scored, **completions}, out / "seen.safetensors"
        )


def every_engine(*, rows, out, settings):
    """`three_updates` for each of several settings, in the processes that are already there."""
    for name, (zero, offload) in settings.items():
        (out / name).mkdir(exist_ok=True)
        three_updates(rows=rows, out=out / name, zero=zero, offload=offload, processes=2)


SETTINGS = {"plain": [0, False], "zero1": [1, False], "zero2": [2, False], "offloaded": [2, True], "zero3": [3, False]}


@pytest.fixture(scope="module")
def alone(digit_rows, tmp_path_factory):
    folder = tmp_path_factory.mktemp("alone")
    three_updates(rows=digit_rows, out=folder, zero=0, offload=False, processes=1)
    return folder


@pytest.fixture(scope="module")
def two_ranks(digit_rows, tmp_path_factory):
    folder = tmp_path_factory.mktemp("two")
    launch(every_engine, Scale(processes=2), rows=digit_rows, out=folder, settings=SETTINGS)
    return folder


@pytest.mark.parametrize("name", SETTINGS)
def test_two_ranks_give_the_weights_of_one_process_and_resume_exactly(name, alone, two_ranks):
    wanted, ended = load_file(alone / "ended.safetensors"), load_file(two_ranks / name / "ended.safetensors")
    assert ended.keys() == wanted.keys()
    assert max((ended[key] - wanted[key]).abs().max() for key in wanted) < 1e-5
    moved = small()[0].state_dict()
    assert max((wanted[key] - moved[key]).abs().max() for key in wanted) > 1e-4
    resumed = load_file(two_ranks / name / "resumed.safetensors")
    assert all(torch.equal(ended[key], resumed[key]) for key in ended)
    seen, expected = load_file(two_ranks / name / "seen.safetensors"), load_file(alone / "seen.safetensors")
    assert torch.allclose(seen["norms"], expected["norms"], rtol=1e-6)
    assert all(torch.equal(seen[key], expected[key]) for key in "012345")
    assert (seen["kept"] - seen["scored"]).abs().max() < 5e-6


@pytest.mark.parametrize("name", ["plain", "zero3"])
def test_the_written_checkpoint_reloads(name, two_ranks):
    ended = load_file(two_ranks / name / "ended.safetensors")
    weights = load_model(two_ranks / name / "model").state_dict()
    assert all(torch.equal(weights[key], ended[key]) for key in ended)


def test_one_process_resumes_exactly(alone):
    ended, resumed = load_file(alone / "ended.safetensors"), load_file(alone / "resumed.safetensors")
    assert all(torch.equal(ended[key], resumed[key]) for key in ended)


def test_a_reset_optimiser_begins_afresh(digit_rows):
    model, processor = small()
    prompts, responses = encoded(processor, digit_rows)
    engine = make_engine(Policy(model), OPTIMISER, 3, ONE)
    advance(engine, prompts, responses, 0)
    other = make_engine(Policy(small()[0]), OPTIMISER, 3, ONE)
    other.policy.model.load_state_dict(engine.state_dict())
    engine.reset()
    for each in (engine, other):
        advance(each, prompts, responses, 1)
    weights = other.state_dict()
    assert all(torch.equal(value, weights[name]) for name, value in engine.state_dict().items())


@pytest.mark.parametrize("architecture", FAMILIES)
def test_frozen_vision_towers_stay_and_everything_else_is_trained(architecture):
    model, _ = small(architecture)
    engine = make_engine(Policy(model), OPTIMISER, 1, ONE, freeze_vision=True)
    assert isinstance(engine, Plain)
    frozen = {name for name, _ in model.named_parameters()} - engine.weights.keys()
    assert frozen and all(".visual." in name or ".vision_tower." in name for name in frozen)
    assert not any(".visual." in name or ".vision_tower." in name for name in engine.weights)
    assert any("proj" in name.split(".")[1] for name in engine.weights) == bool(FAMILIES[architecture])


def test_recomputed_activations_give_the_same_gradients_and_a_cache_while_generating(digit_rows):
    gradients, completions = [], []
    for scale in (ONE, replace(ONE, gradient_checkpointing=True)):
        model, processor = small()
        prompts, responses = encoded(processor, digit_rows)
        calls = []
        layer = model.model.language_model.layers[0]
        layer.self_attn.register_forward_hook(lambda *_, calls=calls: calls.append(None))
        engine = make_engine(Policy(model), OPTIMISER, 1, scale)
        engine.backward(engine.policy(prompts, responses).sum())
        assert len(calls) == 1 + scale.gradient_checkpointing
        gradients.append({name: parameter.grad for name, parameter in model.named_parameters()})
        with engine.gathered():
            drawn = Rollout(model, processor.tokenizer).generate(prompts[1:2], 2, Sampling(max_new_tokens=6), seed=0)
        completions.append([completion.ids.tolist() for completion in drawn[0]])
    assert completions[0] == completions[1]
    assert all(torch.allclose(gradients[0][name], gradients[1][name], atol=1e-6) for name in gradients[0])


def test_low_precision_weights_keep_what_small_updates_add_up_to(digit_rows, tmp_path):
    model, processor = small()
    prompts, responses = encoded(processor, digit_rows)
    model = model.to(torch.bfloat16)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    settings = Optimiser(learning_rate=2e-5, schedule="constant")
    engine = make_engine(Policy(model), settings, 8, ONE)
    for number in range(8):
        advance(engine, prompts, responses, number)
    name = "model.language_model.layers.0.mlp.up_proj.weight"
    drift = (engine.masters[name].detach() - before[name].float()).abs()
    assert float(drift.max()) == pytest.approx(8 * 2e-5, rel=0.1)
    assert torch.equal(model.state_dict()[name], engine.masters[name].bfloat16())
    engine.save(tmp_path)
    other = make_engine(Policy(small()[0].to(torch.bfloat16)), settings, 8, ONE)
    other.load(tmp_path)
    assert all(torch.equal(value, other.masters[name]) for name, value in engine.masters.items())
    assert torch.equal(other.policy.model.state_dict()[name], model.state_dict()[name])


@pytest.mark.parametrize("architecture", FAMILIES)
def test_adapters_learn_merge_and_switch_off(architecture, digit_rows, tmp_path):
    model, processor = small(architecture)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    prompts, responses = encoded(processor, digit_rows)
    start = Policy(model)(prompts, responses).detach()
    targets = (
        ("q_b_proj", "o_proj", "down_proj")
        if architecture == "kimi_k25"
        else Lora.__dataclass_fields__["targets"].default
    )
    torch.manual_seed(0)
    engine = make_engine(
        Policy(model), replace(OPTIMISER, learning_rate=1e-2), 4, ONE, lora=Lora(rank=4, alpha=8.0, targets=targets)
    )
    assert all("lora_" in name for name in engine.weights)
    for number in range(3):
        advance(engine, prompts, responses, number)
    after = engine.policy(prompts, responses).detach()
    assert (after - start).abs().max() > 1e-3
    with adapters_off(model):
        assert torch.equal(engine.policy(prompts, responses), start)
    merged = engine.state_dict()
    assert merged.keys() == before.keys()
    changed = {name for name in before if not torch.equal(before[name], merged[name])}
    assert changed and not any("visual" in name or "vision" in name for name in changed)
    write_model(engine, processor, tmp_path / "model")
    reloaded = Policy(load_model(tmp_path / "model"))(prompts, responses)
    assert (reloaded - after).abs().max() < 5e-6


def test_adapters_for_layers_that_do_not_exist_are_refused():
    with pytest.raises(RlvrError, match=r"None of the LoRA targets w_q is a linear layer.*q_proj"):
        make_engine(Policy(small()[0]), OPTIMISER, 1, ONE, lora=Lora(targets=("w_q",)))


def test_groups_are_shared_by_tokens():
    assert assign([7, 1, 5, 3, 4], 2) == [[0, 3], [1, 2, 4]]
    assert assign([2, 2, 2], 4) == [[0], [1], [2], []]
    sizes = torch.randint(50, 2000, (64,), generator=torch.Generator().manual_seed(0)).tolist()
    shares = assign(sizes, 8)
    assert sorted(index for share in shares for index in share) == list(range(64))
    loads = [sum(sizes[index] for index in share) for share in shares]
    assert max(loads) < 1.05 * min(loads)


def test_ranks_in_lockstep_run_spare_micro_batches():
    assert padded_micro_batches(["a", "b"], 3, "s") == [("a", True), ("b", True), ("s", False)]
    assert padded_micro_batches([], 1, "s") == [("s", False)]
