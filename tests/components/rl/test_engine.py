"""Packing, rollout and log-probs on a tiny model of each architecture: equal to the plain forward pass."""

import pytest
import torch

from rlvr.backbones.backbone import Tiny
from rlvr.backbones.tiny import build
from rlvr.data.rows import read
from rlvr.prompts import Prompt
from rlvr.rl.encoding import Encoder, continuation
from rlvr.rl.layout import SegmentLayout
from rlvr.rl.logprobs import token_logprobs
from rlvr.rl.policy import Policy
from rlvr.rl.rollout import Rollout, choose, uniforms
from rlvr.training import Sampling

PROMPT = Prompt(template="{question} Answer in <answer> tags.", prefill="<think>")


@pytest.fixture(scope="module", params=["qwen2_vl", "qwen2_5_vl"])
def network(request):
    tiny = Tiny(hidden_size=64, layers=2, vision_size=32)
    texts = ["How many items are there in the picture? <think> 1 2 3 </think> <answer> 3 </answer>"] * 4
    return build(request.param, tiny, texts)


@pytest.fixture(scope="module")
def prompts(network, counting_rows, digit_rows):
    encoder = Encoder(network[1], {"counting": PROMPT, "digits": PROMPT})
    return [encoder.prompt(row) for row in [*read(counting_rows)[:2], *read(digit_rows)[:2]]]


@pytest.fixture(scope="module")
def groups(network, prompts):
    model, processor = network
    sampling = Sampling(max_new_tokens=12)
    return Rollout(model, processor.tokenizer).generate(prompts, 3, sampling, seed=1, step=2)


def repeated_logprobs(model, prompt, response):
    """The plain forward pass over one prompt and one response, with transformers' own positions and mask."""
    ids = torch.cat([prompt.ids, response])[None]
    types = torch.cat([prompt.token_types, torch.zeros_like(response)])[None]
    model.model.rope_deltas = None
    logits = model(input_ids=ids, mm_token_type_ids=types, attention_mask=torch.ones_like(ids), **prompt.media).logits
    return logits[0, len(prompt.ids) - 1 : -1].float().log_softmax(-1).gather(1, response[:, None])[:, 0]


def test_packed_log_probs_and_gradients_equal_the_repeated_batch(network, prompts, groups):
    model, _ = network
    responses = [[completion.ids for completion in group] for group in groups]
    packed = Policy(model)(prompts, responses)
    slope = torch.linspace(-1, 1, len(packed))
    model.zero_grad()
    (packed * slope).sum().backward()
    ours = {name: parameter.grad.clone() for name, parameter in model.named_parameters()}
    plain = torch.cat(
        [repeated_logprobs(model, p, ids) for p, group in zip(prompts, responses, strict=True) for ids in group]
    )
    model.zero_grad()
    (plain * slope).sum().backward()
    assert (packed - plain).abs().max() < 5e-6
    difference = sum(((parameter.grad - ours[name]) ** 2).sum() for name, parameter in model.named_parameters())
    size = sum((parameter.grad**2).sum() for parameter in model.parameters())
    assert (difference / size).sqrt() < 5e-6
    # negative control: with another prompt's picture the log-probs differ
    swapped = Policy(model)([prompts[1], prompts[0], *prompts[2:]], responses)
    assert (swapped - packed).abs().max() > 1e-3


def test_sampled_log_probs_equal_the_training_pass(network, prompts, groups):
    kept = torch.cat([completion.logprobs for group in groups for completion in group])
    scored = Policy(network[0])(prompts, [[completion.ids for completion in group] for group in groups])
    assert (kept - scored).abs().max() < 5e-6


def test_completions_do_not_depend_on_their_batch(network, prompts, groups):
    model, processor = network
    alone = Rollout(model, processor.tokenizer).generate(prompts[2:3], 3, Sampling(max_new_tokens=12), seed=1, step=2)
    assert [c.ids.tolist() for c in alone[0]] == [c.ids.tolist() for c in groups[2]]


def test_seed_and_step_change_completions(network, prompts, groups):
    model, processor = network
    other = Rollout(model, processor.tokenizer).generate(prompts, 3, Sampling(max_new_tokens=12), seed=1, step=3)
    assert [[c.ids.tolist() for c in group] for group in other] != [[c.ids.tolist() for c in group] for group in groups]


def test_greedy_equals_generate(network, prompts):
    model, processor = network
    (mine,) = Rollout(model, processor.tokenizer).generate(prompts[:1], 1, Sampling(temperature=0, max_new_tokens=10))
    model.model.rope_deltas = None
    bad = [model.config.image_token_id, model.config.video_token_id]
    bad += [model.config.vision_start_token_id, model.config.vision_end_token_id]
    theirs = model.generate(
        input_ids=prompts[0].ids[None],
        attention_mask=torch.ones_like(prompts[0].ids)[None],
        mm_token_type_ids=prompts[0].token_types[None],
        **prompts[0].media,
        max_new_tokens=10,
        do_sample=False,
        suppress_tokens=bad,
    )[0, len(prompts[0].ids) :]
    assert mine[0].ids.tolist() == theirs.tolist()


def test_picture_tokens_are_never_sampled(network, prompts):
    model, processor = network
    groups = Rollout(model, processor.tokenizer).generate(
        prompts, 16, Sampling(max_new_tokens=16, temperature=5.0), seed=0
    )
    vision = set(processor.tokenizer.convert_tokens_to_ids(["<|image_pad|>", "<|vision_start|>", "<|vision_end|>"]))
    assert not vision & {token for group in groups for completion in group for token in completion.ids.tolist()}


def test_layout_positions_and_predictors():
    layout = SegmentLayout([2, 1], [[2, 1], [3]])
    assert layout.length == 9
    assert layout.predictors.tolist() == [1, 2, 1, 5, 6, 7]
    positions = layout.positions([torch.tensor([[0, 1]]), torch.tensor([[4]])])
    assert positions.tolist() == [[0, 1, 2, 3, 2, 4, 5, 6, 7]]
    assert layout.mask(layout.children[0]).tolist() == [[True, True, True, False], [True, True, True, True]]


def test_token_logprobs_equal_log_softmax_with_gradients():
    torch.manual_seed(0)
    hidden, weight = torch.randn(2500, 8, requires_grad=True), torch.randn(40, 8, requires_grad=True)
    targets, slope = torch.randint(0, 40, (2500,)), torch.randn(2500)
    ours = token_logprobs(hidden, weight, targets, temperature=0.7)
    grads = torch.autograd.grad((ours * slope).sum(), (hidden, weight))
    plain = (hidden @ weight.t() / 0.7).log_softmax(-1).gather(1, targets[:, None])[:, 0]
    expected = torch.autograd.grad((plain * slope).sum(), (hidden, weight))
    assert torch.allclose(ours, plain, atol=1e-6)
    assert all(torch.allclose(a, b, atol=2e-5, rtol=1e-5) for a, b in zip(grads, expected, strict=True))


def test_sampling_follows_the_distribution():
    probabilities = torch.tensor([0.5, 0.3, 0.15, 0.05])
    many = probabilities.log().expand(20_000, -1)
    uniform = uniforms("key", 20_000)
    counts = torch.bincount(choose(many, Sampling(), uniform), minlength=4) / 20_000
    assert torch.allclose(counts, probabilities, atol=0.02)
    top = torch.bincount(choose(many, Sampling(top_k=2), uniform), minlength=4) / 20_000
    assert torch.allclose(top, torch.tensor([0.625, 0.375, 0, 0]), atol=0.02)
    nucleus = torch.bincount(choose(many, Sampling(top_p=0.7), uniform), minlength=4)
    assert nucleus[2:].tolist() == [0, 0]
    assert choose(many[:3], Sampling(temperature=0), uniform[:3]).tolist() == [0, 0, 0]


def test_continuation_drops_what_the_prefill_says():
    assert continuation("Step by step.\n<think>", "<think> 3 </think>") == " 3 </think>"
    assert continuation("", "<think> 3") == "<think> 3"
    assert continuation("Well:", "<think> 3") == "<think> 3"
