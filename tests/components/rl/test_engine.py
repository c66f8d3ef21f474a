"""Packing, rollout and log-probs on a tiny model of each architecture: equal to the model's own forward pass."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from rlvr.backbones.backbone import Tiny
from rlvr.backbones.tiny import build
from rlvr.data.rows import read
from rlvr.errors import RlvrError
from rlvr.prompts import Prompt
from rlvr.rl import attention
from rlvr.rl.encoding import Encoder
from rlvr.rl.families import why_not_packable
from rlvr.rl.graph_decoding import GraphDecoding
from rlvr.rl.layout import SegmentLayout
from rlvr.rl.plain import sequence_logprobs
from rlvr.rl.policy import Policy
from rlvr.rl.rollout import Rollout
from rlvr.training import Sampling

PROMPT = Prompt(template="{question} Answer in <answer> tags.", prefill="<think>")
FAMILIES = ["qwen2_vl", "qwen2_5_vl", "qwen3_vl", "internvl", "kimi_k25"]


@pytest.fixture(scope="module", params=FAMILIES)
def network(request):
    tiny = Tiny(hidden_size=64, layers=2, vision_size=32)
    texts = ["How many items are there in the picture? <think> 1 2 3 </think> <answer> 3 </answer>"] * 4
    return build(request.param, tiny, texts)


def video(frames=6, side=56):
    """A small encoded video of noise blocks."""
    import av

    out, random = io.BytesIO(), np.random.RandomState(0)
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=2)
        stream.width = stream.height = side
        stream.pix_fmt = "yuv420p"
        for _ in range(frames):
            blocks = random.randint(0, 255, (side // 14, side // 14, 3), dtype=np.uint8)
            picture = Image.fromarray(blocks).resize((side, side), 0)
            container.mux(stream.encode(av.VideoFrame.from_image(picture)))
        container.mux(stream.encode())
    return out.getvalue()


@pytest.fixture(scope="module")
def prompts(network, counting_rows, digit_rows):
    """One picture, one picture of another size, two pictures, text alone, and a video."""
    encoder = Encoder(network[1], {"counting": PROMPT, "digits": PROMPT}, frames_per_second=2.0)
    first, second = read(counting_rows)[:2]
    (third,) = read(digit_rows)[:1]
    rows = [
        first,
        third,
        {**second, "row_id": "two", "images": [*second["images"], *third["images"]]},
        {**first, "row_id": "text", "images": []},
        {**first, "row_id": "video", "images": [], "video": video()},
    ]
    return [encoder.prompt(row) for row in rows]


SAMPLING = Sampling(max_new_tokens=12)


@pytest.fixture(scope="module")
def groups(network, prompts):
    model, processor = network
    return Rollout(model, processor.tokenizer).generate(prompts, 3, SAMPLING, seed=1, step=2)


def ids_of(groups):
    return [[completion.ids for completion in group] for group in groups]


def gradients(model, logprobs):
    """Gradients of a fixed weighting of the log-probs, by parameter."""
    model.zero_grad()
    (logprobs * torch.linspace(-1, 1, len(logprobs))).sum().backward()
    return {name: parameter.grad.clone() for name, parameter in model.named_parameters() if parameter.grad is not None}


def relative(ours, theirs):
    assert ours.keys() == theirs.keys()
    difference = sum(((ours[name] - theirs[name]) ** 2).sum() for name in theirs)
    return float((difference / sum((value**2).sum() for value in theirs.values())).sqrt())


def assert_equal(model, packed, plain):
    ours, theirs = gradients(model, packed), gradients(model, plain)
    assert (packed - plain).abs().max() < 5e-6
    assert relative(ours, theirs) < 5e-6


def test_packed_log_probs_and_gradients_equal_the_repeated_batch(network, prompts, groups):
    model, _ = network
    responses = ids_of(groups)
    packed = Policy(model)(prompts, responses)
    assert_equal(model, packed, sequence_logprobs(model, prompts, responses, 1.0))
    # negative control: with another prompt's picture the log-probs differ
    swapped = Policy(model)([prompts[1], prompts[0], *prompts[2:]], responses)
    assert (swapped - packed).abs().max() > 1e-3


def test_a_plain_causal_mask_would_not_be_equal(network, prompts, groups, monkeypatch):
    model, _ = network
    responses = ids_of(groups)

    def causal(module, query, key, value, mask, *, scaling=None, **_):
        grouped = query.shape[1] != key.shape[1]
        attend = torch.nn.functional.scaled_dot_product_attention
        return attend(query, key, value, is_causal=True, scale=scaling, enable_gqa=grouped).transpose(1, 2), None

    with torch.no_grad():
        plain = sequence_logprobs(model, prompts, responses, 1.0)
        monkeypatch.setattr(attention, "shared_prefix", causal)
        assert (Policy(model)(prompts, responses) - plain).abs().max() > 1e-3


def test_common_beginnings_and_continuations_stand_in_the_stream_once(network, prompts, groups):
    model, _ = network
    first = groups[0][0].ids
    continued = torch.cat([first[:-2], torch.tensor([100, 101, 102])])
    responses = [[first, continued, torch.cat([continued[:-1], torch.tensor([103, 104])]), first], [groups[1][0].ids]]
    layout = SegmentLayout([prompt.ids for prompt in prompts[:2]], [[ids[:-1] for ids in g] for g in responses])
    distinct = len(first) - 1 + 2 + 1  # the second leaves the first after len - 2 tokens, the third the second
    assert layout.length == sum(len(p.ids) for p in prompts[:2]) + distinct + len(groups[1][0].ids) - 1
    packed = Policy(model)(prompts[:2], responses)
    assert_equal(model, packed, sequence_logprobs(model, prompts[:2], responses, 1.0))


def test_gradients_have_the_same_bits_every_time(network, prompts, groups):
    """Also where a position's hidden state is used hundreds of times, which several threads then add up."""
    model, _ = network
    responses = [[groups[0][0].ids] * 200, [groups[1][0].ids] * 100]

    def once():
        return gradients(model, Policy(model)(prompts[:2], responses))

    first = once()
    for _ in range(4):
        again = once()
        assert all(torch.equal(first[name], again[name]) for name in first)


def test_gradient_checkpointing_changes_nothing(network, prompts, groups):
    model, _ = network
    plain = sequence_logprobs(model, prompts, ids_of(groups), 1.0)
    model.train()
    model.activation_checkpointing_enable({"use_reentrant": False})
    try:
        packed = Policy(model)(prompts, ids_of(groups))
        assert_equal(model, packed, plain)
    finally:
        model.activation_checkpointing_disable()
        model.eval()
        model.model.language_model.config._attn_implementation = "sdpa"


def test_lora_is_packed_alike(network, prompts, groups):
    import copy

    from peft import LoraConfig, get_peft_model

    targets = ["o_proj", "down_proj"]
    wrapped = get_peft_model(
        copy.deepcopy(network[0]), LoraConfig(r=4, target_modules=targets, init_lora_weights=False)
    )
    model = wrapped.get_base_model()
    packed = Policy(model)(prompts, ids_of(groups))
    assert_equal(wrapped, packed, sequence_logprobs(model, prompts, ids_of(groups), 1.0))
    with torch.no_grad(), wrapped.disable_adapter():
        assert (Policy(model)(prompts, ids_of(groups)) - packed).abs().max() > 1e-3


def test_pictures_encoded_once_a_step_serve_rollout_and_update(network, prompts, groups):
    model, processor = network
    policy = Policy(model)
    features = policy.look(prompts)
    encoded = []
    tower = model.model.visual if hasattr(model.model, "visual") else model.model.vision_tower
    hook = tower.register_forward_hook(lambda *_: encoded.append(1))
    try:
        with torch.no_grad():
            again = policy(prompts, ids_of(groups), features=features)
        drawn = Rollout(policy, processor.tokenizer).generate(prompts, 3, SAMPLING, seed=1, step=2, features=features)
        assert not encoded
    finally:
        hook.remove()
    with torch.no_grad():
        assert (again - policy(prompts, ids_of(groups))).abs().max() < 5e-6
    assert [[c.ids.tolist() for c in g] for g in drawn] == [[c.ids.tolist() for c in g] for g in groups]


def test_the_rollout_s_pass_over_the_prompts_serves_the_update(network, prompts, groups):
    model, processor = network
    policy = Policy(model)
    prefix = policy.read(prompts)
    drawn = Rollout(policy, processor.tokenizer).generate(prompts, 3, SAMPLING, seed=1, step=2, prefix=prefix)
    assert [[c.ids.tolist() for c in g] for g in drawn] == [[c.ids.tolist() for c in g] for g in groups]
    packed = policy(prompts, ids_of(drawn), prefix=prefix)
    assert_equal(model, packed, sequence_logprobs(model, prompts, ids_of(drawn), 1.0))


def test_sampled_log_probs_equal_the_training_pass(network, prompts, groups):
    kept = torch.cat([completion.logprobs for group in groups for completion in group])
    scored = Policy(network[0])(prompts, ids_of(groups))
    assert (kept - scored).abs().max() < 5e-6


def test_completions_do_not_depend_on_their_batch(network, prompts, groups):
    model, processor = network
    alone = Rollout(model, processor.tokenizer).generate(prompts[2:3], 3, SAMPLING, seed=1, step=2)
    assert [c.ids.tolist() for c in alone[0]] == [c.ids.tolist() for c in groups[2]]


def test_small_batches_and_finished_rows_change_nothing(network, prompts):
    model, processor = network
    rollout = Rollout(model, processor.tokenizer)
    rollout.ends = torch.arange(40, 200)  # about every third token ends a completion
    whole = rollout.generate(prompts, 4, SAMPLING, seed=3)
    assert len({len(completion.ids) for group in whole for completion in group}) > 3
    longest = max(len(prompt.ids) for prompt in prompts)
    for tokens in (1, longest + 2 * SAMPLING.max_new_tokens):  # each completion alone, then two of a prompt
        rollout.cache_tokens = tokens
        split = rollout.generate(prompts, 4, SAMPLING, seed=3)
        assert [[c.ids.tolist() for c in g] for g in split] == [[c.ids.tolist() for c in g] for g in whole]
    kept = torch.cat([completion.logprobs for group in whole for completion in group])
    with torch.no_grad():
        assert (kept - Policy(model)(prompts, ids_of(whole))).abs().max() < 5e-6


def test_steps_of_fixed_shape_draw_the_same(network, prompts, groups, monkeypatch):
    """The GPU's decoding, whose graph is captured where there is a GPU, run step by step; buffers grow on the way."""
    model, processor = network
    monkeypatch.setattr("rlvr.rl.decoding.BLOCK", 5)
    rollout = Rollout(model, processor.tokenizer)
    rollout.decoding = GraphDecoding
    drawn = rollout.generate(prompts, 3, SAMPLING, seed=1, step=2)
    assert [[c.ids.tolist() for c in g] for g in drawn] == [[c.ids.tolist() for c in g] for g in groups]
    ends = Rollout(model, processor.tokenizer)
    ends.ends = rollout.ends = torch.arange(40, 200)  # rows leave
    starts = [[groups[0][0].ids[:4], groups[0][1].ids[:0]], [groups[1][0].ids[:3]]]
    ours, theirs = (each.generate(prompts[:2], 0, SAMPLING, seed=5, starts=starts) for each in (rollout, ends))
    assert [[c.ids.tolist() for c in g] for g in ours] == [[c.ids.tolist() for c in g] for g in theirs]
    gaps = [
        (a.logprobs - b.logprobs).abs().max()
        for x, y in zip(ours, theirs, strict=True)
        for a, b in zip(x, y, strict=True)
    ]
    assert max(gaps) < 5e-6


def test_a_completion_goes_on_from_its_start(network, prompts, groups):
    """Starts of different lengths, some empty: new tokens' log-probs equal the training pass over start and new."""
    model, processor = network
    starts = [[groups[0][0].ids[:5], groups[0][1].ids[:0], groups[0][2].ids[:2]], [groups[1][0].ids[:3]]]
    drawn = Rollout(model, processor.tokenizer).generate(prompts[:2], 0, SAMPLING, seed=5, starts=starts)
    assert [len(group) for group in drawn] == [3, 1]
    whole = [[torch.cat([s, c.ids]) for s, c in zip(*pair, strict=True)] for pair in zip(starts, drawn, strict=True)]
    with torch.no_grad():
        scored = torch.split(Policy(model)(prompts[:2], whole), [len(ids) for group in whole for ids in group])
    flat = [(s, c) for pair in zip(starts, drawn, strict=True) for s, c in zip(*pair, strict=True)]
    for (start, completion), logprobs in zip(flat, scored, strict=True):
        assert (logprobs[len(start) :] - completion.logprobs).abs().max() < 5e-6


def test_seed_and_step_change_completions(network, prompts, groups):
    model, processor = network
    other = Rollout(model, processor.tokenizer).generate(prompts, 3, SAMPLING, seed=1, step=3)
    assert [[c.ids.tolist() for c in group] for group in other] != [[c.ids.tolist() for c in group] for group in groups]


def test_greedy_equals_generate(network, prompts):
    model, processor = network
    rollout = Rollout(model, processor.tokenizer)
    for prompt in prompts:
        (mine,) = rollout.generate([prompt], 1, Sampling(temperature=0, max_new_tokens=10))
        if hasattr(model.model, "rope_deltas"):
            model.model.rope_deltas = None
        types = {"mm_token_type_ids": prompt.token_types[None]} if hasattr(model.model, "get_rope_index") else {}
        theirs = model.generate(
            input_ids=prompt.ids[None],
            attention_mask=torch.ones_like(prompt.ids)[None],
            **types,
            **prompt.media,
            max_new_tokens=10,
            do_sample=False,
            suppress_tokens=rollout.suppressed,
        )[0, len(prompt.ids) :]
        assert mine[0].ids.tolist() == theirs.tolist(), prompt.row_id


def test_picture_tokens_are_never_sampled(network, prompts):
    model, processor = network
    rollout = Rollout(model, processor.tokenizer)
    groups = rollout.generate(prompts, 16, Sampling(max_new_tokens=16, temperature=5.0), seed=0)
    assert model.config.image_token_id in rollout.suppressed
    drawn = {token for group in groups for completion in group for token in completion.ids.tolist()}
    assert not set(rollout.suppressed) & drawn


def test_stop_tokens_end_a_completion_and_unknown_ones_are_refused(network, prompts):
    model, processor = network
    rollout = Rollout(model, processor.tokenizer)
    (group,) = rollout.generate(prompts[:1], 4, Sampling(max_new_tokens=30), seed=2)
    token = processor.tokenizer.convert_ids_to_tokens(int(group[0].ids[3]))
    (stopped,) = rollout.generate(prompts[:1], 4, Sampling(max_new_tokens=30, stop_tokens=(token,)), seed=2)
    assert not stopped[0].truncated and len(stopped[0].ids) <= 4
    with pytest.raises(RlvrError, match="Stop token 'no such token' is not in the model's vocabulary"):
        rollout.generate(prompts[:1], 1, Sampling(stop_tokens=("no such token",)))


def test_a_model_that_cannot_be_packed_falls_back_to_plain_sequences(network, prompts, groups):
    model, processor = network
    policy = Policy(model)
    policy.obstacle = "a test"
    scored = policy(prompts, ids_of(groups))
    with torch.no_grad():
        assert (scored - Policy(model)(prompts, ids_of(groups))).abs().max() < 5e-6
    drawn = Rollout(policy, processor.tokenizer).generate(prompts, 3, SAMPLING, seed=1, step=2)
    assert [[c.ids.tolist() for c in g] for g in drawn] == [[c.ids.tolist() for c in g] for g in groups]


def test_half_precision_is_as_exact_as_the_repeated_batch(network, prompts, groups):
    import copy

    half, responses = copy.deepcopy(network[0]).to(torch.bfloat16), ids_of(groups)
    with torch.no_grad():
        exact = sequence_logprobs(network[0], prompts, responses, 1.0)
        ours, theirs = Policy(half)(prompts, responses), sequence_logprobs(half, prompts, responses, 1.0)
    assert (ours - exact).square().mean() < 2 * (theirs - exact).square().mean()


def test_the_reason_against_packing_is_told(network):
    import copy

    config = copy.deepcopy(network[0].config)
    stranger = type("Model", (), {"config": config})()
    assert why_not_packable(stranger) is None
    config.model_type = "mamba_vl"
    assert "mamba_vl" in why_not_packable(stranger)


def test_prompt_text_can_be_learnt_too(network, prompts, groups):
    model, _ = network
    responses, own = Policy(model)(prompts[:2], ids_of(groups[:2]), prompts_too=True)
    plain = sequence_logprobs(model, prompts[:2], ids_of(groups[:2]), 1.0, prompts_too=True)
    assert (responses - plain[0]).abs().max() < 5e-6 and (own - plain[1]).abs().max() < 5e-6
    assert len(own) == sum(int((prompt.token_types[1:] == 0).sum()) for prompt in prompts[:2])


def test_damaged_media_are_refused_by_row(network, counting_rows):
    encoder = Encoder(network[1], {"counting": PROMPT})
    row = read(counting_rows)[0]
    with pytest.raises(RlvrError, match=f"Row {row['row_id']}: its video cannot be decoded"):
        encoder.prompt({**row, "images": [], "video": b"no video"})
    with pytest.raises(RlvrError, match=f"Row {row['row_id']}: a picture cannot be decoded"):
        encoder.prompt({**row, "images": [b"no picture"]})


def test_the_kernel_contract_of_variable_length_attention_gives_the_same(network, prompts, groups, monkeypatch):
    """`varlen_attn` has no CPU kernel; its contract, causal from the bottom right, is emulated a segment at a time."""
    from torch.nn.attention.bias import causal_lower_right

    def emulated(query, key, value, queries, keys, longest_query, longest_key, *, scale, window_size, enable_gqa=False):
        assert window_size == (-1, 0) and longest_query >= 1 and longest_key >= longest_query
        parts = []
        for a, b, c, d in zip(queries[:-1], queries[1:], keys[:-1], keys[1:], strict=True):
            rows = [tensor.transpose(0, 1)[None] for tensor in (query[a:b], key[c:d], value[c:d])]
            mask = causal_lower_right(int(b - a), int(d - c))
            attend = torch.nn.functional.scaled_dot_product_attention
            parts.append(attend(*rows, attn_mask=mask, scale=scale, enable_gqa=enable_gqa)[0].transpose(0, 1))
        return torch.cat(parts)

    model, _ = network
    with torch.no_grad():
        plain = Policy(model)(prompts, ids_of(groups))
        monkeypatch.setattr(attention, "takes_varlen", lambda query, value: True)
        monkeypatch.setattr("torch.nn.attention.varlen.varlen_attn", emulated)
        assert (Policy(model)(prompts, ids_of(groups)) - plain).abs().max() < 5e-6
