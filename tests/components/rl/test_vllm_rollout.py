"""The vLLM engine against a stand-in with the signatures of vLLM 0.33.0 (see fake_vllm.py); no real vLLM runs here."""

import sys
from dataclasses import replace

import fake_vllm
import pytest
import torch

from rlvr.backbones.checkpoint import load_model, load_processor
from rlvr.data.rows import read
from rlvr.errors import RlvrError
from rlvr.prompts import Prompt
from rlvr.rl.encoding import Encoder
from rlvr.rl.policy import Policy
from rlvr.rl.rollout import Rollout
from rlvr.rl.vllm_rollout import VllmRollout
from rlvr.training import Sampling

GREEDY = Sampling(temperature=0.0, max_new_tokens=6)
LIMITS = {"min_pixels": 784, "max_pixels": 28 * 28 * 6}  # not what the checkpoint's own processor has


@pytest.fixture
def model(tiny_base):
    return load_model(tiny_base)


@pytest.fixture(scope="module")
def prompts(tiny_base, counting_rows, digit_rows):
    """One picture, two pictures, and text alone."""
    prompt = Prompt(template="{question} Answer in <answer> tags.")
    encoder = Encoder(load_processor(tiny_base, **LIMITS), {"counting": prompt, "digits": prompt})
    first, second = read(counting_rows)[:2]
    rows = [first, {**second, "images": [*second["images"], *first["images"]]}, read(digit_rows)[0]]
    return [encoder.prompt(row) for row in rows]


@pytest.fixture
def start(tiny_base, model, monkeypatch):
    monkeypatch.setitem(sys.modules, "vllm", fake_vllm)

    def build(**settings):
        processor = load_processor(tiny_base, **LIMITS)
        return VllmRollout(model, processor, tiny_base, precision="float32", **{"pictures": 2, **settings})

    return build


def near(drawn, trained):
    """vLLM's log-probs leave out the vision tokens, a per cent or two in this model, and the trainer's do not."""
    return bool(((drawn - trained > -1e-5) & (drawn - trained < 0.05)).all())


def ids(groups):
    return [[completion.ids.tolist() for completion in group] for group in groups]


def test_greedy_equals_the_engines_own_loop_before_and_after_an_update(start, model, prompts):
    rollout, own = start(), Rollout(model, start().tokenizer)
    before = own.generate(prompts, 2, GREEDY)
    assert ids(rollout.generate(prompts, 2, GREEDY)) == ids(before)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(0)))
    after = own.generate(prompts, 2, GREEDY)
    assert ids(after) != ids(before)
    assert ids(rollout.generate(prompts, 2, GREEDY)) == ids(before)  # vLLM still has the weights it had
    rollout.update_weights(model.state_dict().items())
    found = rollout.generate(prompts, 2, GREEDY)
    assert ids(found) == ids(after)
    for one, other in zip(sum(found, []), sum(after, []), strict=True):
        assert one.truncated == other.truncated
        assert near(one.logprobs, other.logprobs)


def test_samples_carry_the_log_probs_they_were_drawn_with(start, model, prompts):
    sampling = Sampling(temperature=0.7, max_new_tokens=8)
    groups = start().generate(prompts, 4, sampling, seed=1, step=3)
    assert [len(group) for group in groups] == [4, 4, 4]
    assert len({tuple(completion.ids.tolist()) for completion in groups[0]}) > 1
    trained = Policy(model)(prompts, [[each.ids for each in group] for group in groups], 0.7)
    drawn = torch.cat([each.logprobs for group in groups for each in group])
    assert near(drawn, trained) and not near(drawn.roll(1), trained)
    ends = {model.generation_config.eos_token_id}
    for completion in sum(groups, []):
        assert completion.truncated == (completion.ids[-1].item() not in ends)
        assert completion.logprobs.dtype == torch.float32 and len(completion.ids) <= 8


def test_vision_tokens_are_never_drawn(start, model, prompts):
    with torch.no_grad():  # only they are likely
        model.lm_head.weight.zero_()
    rollout = start()
    rollout.update_weights(model.state_dict().items())
    with torch.no_grad():
        rollout.engine.model.lm_head.register_forward_hook(
            lambda module, given, logits: logits.index_fill(-1, torch.tensor(rollout.suppressed), 40.0)
        )
    drawn = rollout.generate(prompts, 4, Sampling(max_new_tokens=8))
    assert not {token for group in ids(drawn) for each in group for token in each} & set(rollout.suppressed)


def test_filters_reach_vllm(start, prompts):
    rollout = start()
    allowed = rollout.generate(prompts, 3, Sampling(top_k=1, max_new_tokens=5))
    assert ids(allowed) == [
        [group[0]] * 3 for group in ids(rollout.generate(prompts, 1, replace(GREEDY, max_new_tokens=5)))
    ]
    assert all(bool((each.logprobs == 0).all()) for group in allowed for each in group)  # the only one left
    stop = rollout.tokenizer.convert_ids_to_tokens(allowed[0][0].ids[1].item())
    (cut,) = rollout.generate(prompts[:1], 1, Sampling(min_p=1.0, stop_tokens=(stop,), max_new_tokens=5))[0]
    assert not cut.truncated and cut.ids.tolist() == allowed[0][0].ids[: len(cut.ids)].tolist() and len(cut.ids) <= 2
    params = rollout._parameters(Sampling(temperature=0.5, top_p=0.9, top_k=7, min_p=0.1, max_new_tokens=3), 4, 9)
    assert (params.n, params.seed, params.temperature, params.top_p, params.top_k, params.min_p) == (
        4,
        9,
        0.5,
        0.9,
        7,
        0.1,
    )
    assert params.max_tokens == 3 and params.logprobs == 0 and not params.detokenize
    assert set(params.logit_bias) == set(rollout.suppressed) and rollout.suppressed
    with pytest.raises(RlvrError, match="Stop token"):
        rollout.generate(prompts, 1, Sampling(stop_tokens=("nowhere near",)))


def test_samples_depend_on_seed_step_and_row_and_not_on_the_batch(start, prompts):
    rollout, sampling = start(), Sampling(max_new_tokens=8)
    whole = ids(rollout.generate(prompts, 3, sampling, seed=5, step=2))
    assert ids(rollout.generate(prompts[1:], 3, sampling, seed=5, step=2)) == whole[1:]
    nothing = torch.zeros(0, dtype=torch.long)
    assert ids(rollout.generate(prompts, 3, sampling, seed=5, step=2, starts=[[nothing] * 3] * 3)) == whole
    later = ids(rollout.generate(prompts, 2, sampling, seed=5, step=2, before=[1, 0, 1]))
    assert later == [whole[0][1:], whole[1][:2], whole[2][1:]]
    assert ids(rollout.generate(prompts, 3, sampling, seed=6, step=2)) != whole
    assert ids(rollout.generate(prompts, 3, sampling, seed=5, step=3)) != whole


def test_completions_go_on_from_their_starts(start, model, prompts):
    rollout, longer = start(), replace(GREEDY, max_new_tokens=8)
    whole = Rollout(model, rollout.tokenizer).generate(prompts[:2], 1, longer)
    begun = [[group[0].ids[:2], group[0].ids[:1]] for group in whole]
    for (one,), rest, starts in zip(whole, rollout.generate(prompts[:2], 2, longer, starts=begun), begun, strict=True):
        for completion, given in zip(rest, starts, strict=True):
            joined = torch.cat([given, completion.ids])[: len(one.ids)]
            assert joined.tolist() == one.ids.tolist()
    assert rollout.engine.calls[-2] == "generate 4"


def test_the_engine_sleeps_whenever_it_does_not_generate(start, model, prompts):
    rollout = start(max_tokens=512, memory=0.4)
    arguments = rollout.engine.arguments
    assert arguments["max_model_len"] == 512 and arguments["gpu_memory_utilization"] == 0.4
    assert arguments["limit_mm_per_prompt"] == {"image": 2, "video": 0}
    assert arguments["distributed_executor_backend"] == "uni"
    rollout.update_weights(model.state_dict().items())
    rollout.generate(prompts, 2, Sampling(max_new_tokens=2))
    rollout.generate(prompts, 2, Sampling(max_new_tokens=2))
    assert rollout.engine.calls == [
        "sleep",
        "wake weights", "reload_weights", "reset_prefix_cache",
        "wake kv_cache", "generate 3", "sleep",
        "wake weights+kv_cache", "generate 3", "sleep",
    ]  # fmt: skip


def test_a_prompt_that_vllm_reads_differently_is_refused_by_name(start, prompts):
    rollout = start()
    other = replace(prompts[0], images=(prompts[0].images[0].resize((28, 28)),))
    with pytest.raises(RlvrError, match=f"Row {prompts[0].row_id}: vLLM reads the prompt as"):
        rollout.generate([other], 1, GREEDY)


def test_videos_and_broken_completions_are_refused_by_name(start, prompts, monkeypatch):
    rollout = start()
    with pytest.raises(RlvrError, match=f"Row {prompts[0].row_id} has a video"):
        rollout.generate([replace(prompts[0], videos=("frames",))], 1, GREEDY)
    real = fake_vllm.LLM._sample

    def aborted(*given):
        return replace(real(*given), finish_reason="abort")

    monkeypatch.setattr(fake_vllm.LLM, "_sample", aborted)
    with pytest.raises(RlvrError, match="'abort'"):
        start().generate(prompts, 1, GREEDY)


def test_without_vllm_the_error_says_what_to_do(tiny_base, model, monkeypatch):
    monkeypatch.setitem(sys.modules, "vllm", None)
    with pytest.raises(RlvrError, match=r"vLLM cannot be imported .* set rollout to transformers"):
        VllmRollout(model, load_processor(tiny_base), tiny_base, precision="float32")


def test_the_stand_in_refuses_what_vllm_does_not_have(tiny_base):
    with pytest.raises(TypeError):
        fake_vllm.SamplingParams(best_of=2)
    with pytest.raises(AssertionError, match="greedy"):
        fake_vllm.SamplingParams(temperature=0.0, n=2)
    with pytest.raises(AssertionError, match="unexpected keyword"):
        fake_vllm.LLM(str(tiny_base), swap_space=4)
