import math
from dataclasses import replace

import pytest
import torch

from rlvr.rl.advantages import advantages
from rlvr.rl.loss import clip_fraction, k3, token_losses, token_weights
from rlvr.rl.optimiser import NamedAdamW, learning_rate
from rlvr.rl.samplers import UniformSampler, steps_of
from rlvr.training import Advantage, Loss, Optimiser


def test_group_std_advantages_equal_the_formula():
    rewards = torch.tensor([[1.0, 0.0, 2.0, 1.0], [1.0, 1.0, 1.0, 1.0]])
    got = advantages(rewards, Advantage())
    expected = (rewards[0] - 1.0) / (rewards[0].std(unbiased=True) + 1e-4)
    assert torch.allclose(got[0], expected)
    assert got[1].tolist() == [0, 0, 0, 0]


def test_leave_one_out_advantages_equal_the_formula():
    rewards = torch.tensor([[1.0, 0.0, 0.0]])
    got = advantages(rewards, Advantage(baseline="leave_one_out", scale="none"))
    assert torch.allclose(got, torch.tensor([[1.0, -0.5, -0.5]]))


def test_completions_without_reward_get_no_advantage_and_do_not_move_the_others():
    rewards = torch.tensor([[1.0, 0.0, math.nan]])
    got = advantages(rewards, Advantage())
    assert torch.allclose(got[:, :2], advantages(rewards[:, :2], Advantage()))
    assert got[0, 2] == 0
    assert advantages(torch.tensor([[1.0, math.nan]]), Advantage()).tolist() == [[0, 0]]


def test_whitening_standardises_the_batch():
    got = advantages(torch.tensor([[1.0, 0.0], [3.0, 0.0]]), Advantage(scale="none", whiten=True))
    assert abs(float(got.mean())) < 1e-6 and abs(float(got.std()) - 1) < 1e-4


@pytest.mark.parametrize("normaliser", ["sequence_mean", "token_mean", "constant_length", "sequence_sum"])
def test_token_weights(normaliser):
    lengths, everything = torch.tensor([2, 4]), torch.tensor([True, True])
    weights = token_weights(lengths, Loss(normaliser=normaliser), 10, everything)
    expected = {
        "sequence_mean": [1 / 4] * 2 + [1 / 8] * 4,
        "token_mean": [1 / 6] * 6,
        "constant_length": [1 / 20] * 6,
        "sequence_sum": [1 / 2] * 6,
    }[normaliser]
    assert torch.allclose(weights, torch.tensor(expected))
    masked = token_weights(lengths, Loss(normaliser=normaliser), 10, torch.tensor([True, False]))
    assert masked[2:].tolist() == [0, 0, 0, 0] and masked[:2].sum() > 0


def test_ratio_one_has_the_policy_gradient_and_k3_is_never_negative():
    logprobs = torch.randn(6, requires_grad=True)
    reference, advantage, lengths = torch.randn(6), torch.randn(6), torch.tensor([2, 4])
    losses = token_losses(logprobs, logprobs.detach() + 1, None, advantage, Loss(), lengths)
    assert torch.allclose(losses, -advantage)
    (slope,) = torch.autograd.grad(losses.sum(), logprobs)
    assert torch.allclose(slope, -advantage)
    assert (k3(logprobs, reference) >= 0).all()
    with_kl = token_losses(logprobs, logprobs.detach(), reference, advantage, Loss(kl_weight=0.5), lengths)
    assert torch.allclose(with_kl, -advantage + 0.5 * k3(logprobs, reference))


def test_clipping_stops_the_gradient_beyond_the_range():
    logprobs = torch.tensor([1.0, -1.0, 0.05], requires_grad=True)
    advantage, lengths = torch.tensor([1.0, -1.0, 1.0]), torch.tensor([3])
    settings = Loss(objective="clipped", clip_high=0.3)
    losses = token_losses(logprobs, torch.zeros(3), None, advantage, settings, lengths)
    assert torch.allclose(losses, torch.tensor([-1.3, 0.8, -math.exp(0.05)]))
    (slope,) = torch.autograd.grad(losses.sum(), logprobs)
    assert slope[:2].tolist() == [0, 0] and slope[2] < 0
    assert float(clip_fraction(logprobs, torch.zeros(3), advantage, settings)) == pytest.approx(2 / 3)
    capped = token_losses(logprobs, torch.zeros(3), None, -advantage, replace(settings, ratio_cap=2.0), lengths)
    assert torch.allclose(capped, torch.tensor([2.0, -math.exp(-1.0), math.exp(0.05)]))


def test_mirror_descent_has_the_published_direction():
    """Kimi k1.5 eq. (3): A grad log p - tau / 2 grad (log ratio)^2 of whole sequences, averaged over completions."""
    logprobs = torch.randn(5, requires_grad=True)
    old, lengths = torch.randn(5), torch.tensor([2, 3])
    advantage = torch.tensor([0.5, -0.5]).repeat_interleave(lengths)
    settings = Loss(objective="mirror_descent", tau=0.3, normaliser="sequence_sum", kl_weight=0.0)
    weights = token_weights(lengths, settings, 10, torch.tensor([True, True]))
    losses = token_losses(logprobs, old, None, advantage, settings, lengths)
    (slope,) = torch.autograd.grad((losses * weights).sum(), logprobs)
    drift = torch.stack([part.sum() for part in torch.split(logprobs.detach() - old, [2, 3])])
    expected = -(torch.tensor([0.5, -0.5]) - 0.3 * drift) / 2
    assert torch.allclose(slope, expected.repeat_interleave(lengths))


def test_log_partition_baseline_tends_to_the_mean_and_is_exact_for_equal_rewards():
    rewards = torch.tensor([[1.0, 0.0, 0.0], [0.3, 0.3, 0.3]])
    got = advantages(rewards, Advantage(baseline="log_partition", scale="none", tau=0.5))
    z = 0.5 * math.log((math.exp(2) + 2) / 3)
    assert torch.allclose(got[0], torch.tensor([1 - z, -z, -z]))
    assert got[1].tolist() == [0, 0, 0]
    warm = advantages(rewards, Advantage(baseline="log_partition", scale="none", tau=1e4))
    assert torch.allclose(warm, advantages(rewards, Advantage(scale="none")), atol=1e-4)


def test_batch_std_and_lone_completions():
    rewards = torch.tensor([[1.0, 0.0], [4.0, 2.0]])
    got = advantages(rewards, Advantage(scale="batch_std", epsilon=0.0))
    assert torch.allclose(got, torch.tensor([[0.5, -0.5], [1.0, -1.0]]) / rewards.std())
    lone = torch.tensor([[2.0]])
    assert advantages(lone, Advantage()).tolist() == [[0]]
    assert torch.allclose(advantages(lone, Advantage(lone="reward", epsilon=1.0)), torch.tensor([[1.0]]))


def test_tokens_of_earlier_policies_count_in_no_mean():
    lengths, both = torch.tensor([2, 2]), torch.tensor([True, True])
    learnt = torch.tensor([False, True, True, True])
    weights = token_weights(lengths, Loss(normaliser="token_mean"), 10, both, learnt)
    assert torch.allclose(weights, torch.tensor([0, 1 / 3, 1 / 3, 1 / 3]))
    weights = token_weights(lengths, Loss(), 10, both, learnt)
    assert torch.allclose(weights, torch.tensor([0, 1 / 2, 1 / 4, 1 / 4]))


def test_sampler_covers_every_row_once_an_epoch_and_repeats_itself():
    sampler = UniformSampler(rows=10, per_step=4, seed=3)
    seen = [index for step in range(5) for index in sampler.indices(step)]
    assert sorted(seen[:10]) == sorted(seen[10:]) == list(range(10))
    assert seen[:10] != seen[10:]
    assert sampler.indices(2) == UniformSampler(rows=10, per_step=4, seed=3).indices(2)


def test_steps_of():
    assert steps_of(2.0, None, 100, 16) == 12
    assert steps_of(2.0, 7, 100, 16) == 7
    assert steps_of(0.1, None, 5, 16) == 1


@pytest.mark.parametrize("schedule", ["constant", "linear", "cosine"])
def test_schedules(schedule):
    settings = Optimiser(learning_rate=1.0, schedule=schedule, warmup_fraction=0.1, final_fraction=0.2)
    rates = [learning_rate(settings, step, 100) for step in range(100)]
    assert rates[0] == pytest.approx(0.1) and rates[9] == pytest.approx(1.0)
    assert all(a >= b - 1e-9 for a, b in zip(rates[9:], rates[10:], strict=False))
    assert rates[-1] == pytest.approx(1.0 if schedule == "constant" else 0.2, abs=0.01)


def test_optimiser_state_survives_saving(tmp_path):
    def network():
        torch.manual_seed(0)
        return torch.nn.Linear(3, 2)

    def steps(model, optimiser, numbers):
        for number in numbers:
            model(torch.full((1, 3), float(number + 1))).square().sum().backward()
            optimiser.step(0.1)

    settings = Optimiser(learning_rate=0.1)
    whole, first, second = network(), network(), network()
    steps(whole, NamedAdamW(dict(whole.named_parameters()), settings), range(6))
    before = NamedAdamW(dict(first.named_parameters()), settings)
    steps(first, before, range(3))
    before.save(tmp_path)
    second.load_state_dict(first.state_dict())
    after = NamedAdamW(dict(second.named_parameters()), settings)
    after.load(tmp_path)
    steps(second, after, range(3, 6))
    assert all(torch.equal(a, b) for a, b in zip(whole.parameters(), second.parameters(), strict=True))


def judged(completions, *, judge, answer, **_):
    return [float(judge.model == "judge-1" and text == gold) for text, gold in zip(completions, answer, strict=True)]


def needs_prefill(completions, **_):
    return [float(text.startswith("<think>")) if text else None for text in completions]


def test_rows_are_scored_by_their_own_task_with_weights_judge_and_prefill():
    from rlvr.datasets import clevr_cogent_a
    from rlvr.method import Judge, Reward, Task
    from rlvr.prompts import Prompt
    from rlvr.rl.scoring import score, total

    prompt = Prompt(template="{question}", prefill="<think>")
    first = Task(name="first", source=clevr_cogent_a.TRAIN, prompt=prompt, rewards=(
        Reward(function=judged, weight=2.0, judge=Judge(model="judge-1")),
        Reward(function=needs_prefill, with_prefill=True),
    ))  # fmt: skip
    second = Task(name="second", source=clevr_cogent_a.TRAIN, prompt=prompt, rewards=(Reward(function=needs_prefill),))
    rows = [{"row_id": str(n), "task": task, "answer": "3"} for n, task in enumerate(["first", "second", "first"])]
    scores = score(["3", "", "4"], rows, [first, second])
    assert [list(parts.values()) for parts in scores] == [[1.0, 1.0], [None], [0.0, 1.0]]
    assert total(scores[0], first) == 3.0 and total(scores[2], first) == 1.0
    assert math.isnan(total(scores[1], second))


@pytest.mark.parametrize("value", [0.9, 1.9, 2.2, -0.1])
@pytest.mark.parametrize("size", [3, 8, 12])
def test_equal_rewards_give_exactly_no_advantage(value, size):
    settings = Advantage(epsilon=1e-6)
    assert advantages(torch.full((2, size), value), settings).abs().max() == 0
    mixed = torch.tensor([[value] * size, [value] * (size - 1) + [math.nan]])
    assert advantages(mixed, settings).abs().max() == 0


def test_whitening_one_completion_leaves_it_without_advantage():
    rewards = torch.tensor([[1.0, math.nan], [math.nan, math.nan]])
    assert advantages(rewards, Advantage(whiten=True)).tolist() == [[0, 0], [0, 0]]


def test_mirror_descent_leaves_earlier_tokens_alone():
    logprobs = torch.randn(4, requires_grad=True)
    old, lengths, learnt = torch.randn(4), torch.tensor([4]), torch.tensor([False, False, True, True])
    settings = Loss(objective="mirror_descent", tau=0.5, normaliser="sequence_sum", kl_weight=0.0)
    weights = token_weights(lengths, settings, 10, torch.tensor([True]), learnt)
    losses = token_losses(logprobs, old, None, torch.ones(4), settings, lengths, weights != 0)
    (slope,) = torch.autograd.grad((losses * weights).sum(), logprobs)
    drift = float((logprobs.detach() - old)[2:].sum())
    assert torch.allclose(slope, torch.tensor([0, 0, 0.5 * drift - 1, 0.5 * drift - 1]))


def test_an_empty_step_leaves_the_replay_buffer_as_it_is():
    from rlvr.rl.replay import ReplayBuffer
    from rlvr.rl.sample import Sample, nothing
    from rlvr.training import Replay

    sample = Sample(row=0, ids=nothing(), logprobs=nothing().float(), truncated=False, advantage=1.0, reward=1.0)
    for form in ("paper", "code"):
        buffer = ReplayBuffer(Replay(form=form, clear_every=100), 0)
        buffer.refill(1, [sample] * 4)
        kept = len(buffer.items())
        buffer.refill(2, [])
        assert kept and len(buffer.items()) == kept
