"""On a GPU: the variable-length kernel, the captured decoding step and whole training stages, beside plain passes.

`make test-gpu` runs this file; without a GPU every test is skipped.
"""

import json
from dataclasses import replace

import pytest
import torch

from rlvr.backbones.backbone import Tiny
from rlvr.backbones.tiny import build
from rlvr.canonical import plain
from rlvr.data.rows import read
from rlvr.prompts import Prompt
from rlvr.rl import attention
from rlvr.rl.decoding import Decoding
from rlvr.rl.encoding import Encoder
from rlvr.rl.graph_decoding import GraphDecoding, can_be_captured
from rlvr.rl.plain import sequence_logprobs
from rlvr.rl.policy import Policy
from rlvr.rl.rollout import Rollout
from rlvr.rl.train import train
from rlvr.training import Sampling

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")]

FAMILIES = ["qwen2_vl", "qwen2_5_vl", "qwen3_vl", "internvl", "kimi_k25"]
PROMPT = Prompt(template="{question} Answer in <answer> tags.", prefill="<think>")
SAMPLING = Sampling(max_new_tokens=40)


@pytest.fixture(scope="module", params=FAMILIES)
def network(request):
    tiny = Tiny(hidden_size=128, layers=2, vision_size=64)
    texts = ["How many items are there in the picture? <think> 1 2 3 </think> <answer> 3 </answer>"] * 4
    model, processor = build(request.param, tiny, texts)
    return model.cuda(), processor


@pytest.fixture(scope="module")
def prompts(network, counting_rows, digit_rows):
    """One picture, another size, two pictures, and text alone."""
    encoder = Encoder(network[1], {"counting": PROMPT, "digits": PROMPT})
    first, second = read(counting_rows)[:2]
    (third,) = read(digit_rows)[:1]
    rows = [
        first,
        third,
        {**second, "row_id": "two", "images": [*second["images"], *third["images"]]},
        {**first, "row_id": "text", "images": []},
    ]
    return [encoder.prompt(row) for row in rows]


def drawn(network, prompts, form, sampling=SAMPLING, ends=None):
    model, processor = network
    rollout = Rollout(model, processor.tokenizer)
    assert rollout.decoding is (GraphDecoding if can_be_captured(model) else Decoding)
    rollout.decoding = form or rollout.decoding
    if ends is not None:
        rollout.ends = ends
    return rollout.generate(prompts, 6, sampling, seed=1, step=2)


def ids_of(groups):
    return [[completion.ids for completion in group] for group in groups]


@pytest.mark.parametrize("block", [64, 16])
def test_the_captured_step_draws_what_single_steps_draw(network, prompts, block, monkeypatch):
    """Buffers grow and rows leave on the way, so that the graph is captured several times."""
    monkeypatch.setattr("rlvr.rl.decoding.BLOCK", block)
    ends = torch.arange(40, 60)
    captured, stepwise = (drawn(network, prompts, form, ends=ends) for form in (None, Decoding))
    assert [[c.ids.tolist() for c in g] for g in captured] == [[c.ids.tolist() for c in g] for g in stepwise]
    assert len({len(completion.ids) for group in captured for completion in group}) > 3
    kept = torch.cat([completion.logprobs for group in captured for completion in group])
    with torch.no_grad():
        scored = Policy(network[0])(prompts, ids_of(captured))
    assert (kept - scored.cpu()).abs().max() < 1e-4


def distance(ours, exact):
    """Root mean square of the difference."""
    return float((ours.float().cpu() - exact.float().cpu()).square().mean().sqrt())


def test_the_kernel_in_half_precision_is_as_exact_as_the_repeated_batch(network, prompts, monkeypatch):
    """Log-probs and gradients in bfloat16 against those in float32: no further off than plain sequences are."""
    import copy

    model, _ = network
    responses = ids_of(drawn(network, prompts, Decoding))
    slope = torch.linspace(-1, 1, sum(len(ids) for group in responses for ids in group)).cuda()

    def scored(one, passes):
        one.zero_grad()
        logprobs = passes(one)
        (logprobs * slope).sum().backward()
        names = [name for name, each in one.named_parameters() if each.grad is not None]
        return logprobs.detach(), torch.cat([one.get_parameter(name).grad.float().flatten() for name in names])

    def repeated(one):
        return sequence_logprobs(one, prompts, responses, 1.0)

    exact = scored(model, repeated)
    half = copy.deepcopy(model).to(torch.bfloat16)
    calls = []
    kernel = attention._varlen
    monkeypatch.setattr(attention, "_varlen", lambda *given: calls.append(1) or kernel(*given))
    ours, theirs = scored(half, lambda one: Policy(one)(prompts, responses)), scored(half, repeated)
    assert calls
    for mine, other, truth in zip(ours, theirs, exact, strict=True):
        assert mine.isfinite().all()
        assert distance(mine, truth) < 1.5 * distance(other, truth)


def test_rollout_and_update_in_half_precision_agree(network, prompts):
    """Sampled log-probs, from the captured step, against the training pass through the kernel."""
    import copy

    model = copy.deepcopy(network[0]).to(torch.bfloat16)
    groups = drawn((model, network[1]), prompts, None)
    kept = torch.cat([completion.logprobs for group in groups for completion in group])
    with torch.no_grad():
        scored = Policy(model)(prompts, ids_of(groups)).cpu()
    assert float((kept - scored).abs().mean()) < 0.03


def test_a_stage_trains_on_the_gpu(digits_method, tiny_base, digit_rows, tmp_path):
    """GRPO in bfloat16 with a reference that follows, from rows to checkpoint."""
    stage = replace(digits_method.stages[0], steps=6)
    train(
        stage=plain(stage),
        tasks=[plain(task) for task in digits_method.tasks],
        precision="bfloat16",
        seed=0,
        base=tiny_base,
        rows=digit_rows,
        previous=None,
        checkpoints=None,
        model=tmp_path / "model",
        log=tmp_path / "log",
    )
    lines = [json.loads(line) for line in (tmp_path / "log" / "grpo" / "metrics.jsonl").read_text().splitlines()]
    assert len(lines) == 6 and all(line["grad_norm"] >= 0 for line in lines)
    about = json.loads((tmp_path / "log" / "grpo" / "stage.json").read_text())
    assert "GPU" in about["hardware"] or "NVIDIA" in about["hardware"]
    assert about["peak_memory_bytes"] > 0
