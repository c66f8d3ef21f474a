"""Step metrics and importance weights against values worked out by hand or by another route."""

import math

import pytest
import torch

from rlvr.rl.importance import truncated_importance
from rlvr.rl.loss import clip_fraction, k3
from rlvr.rl.metrics import (
    advantage_metrics,
    entropy,
    length_metrics,
    percentile,
    reward_metrics,
)
from rlvr.training import Loss


def test_rewards_are_means_over_what_has_them():
    found = reward_metrics(
        [[1.0, 0.0, None], [0.5, 0.5, 0.5], [None, math.nan, 2.0], [1.0]],
        [{"format": 1.0, "accuracy": None}, {"format": 0.0}, {"accuracy": 0.5}, {"format": 0.5, "none": None}],
    )
    assert found["reward"] == pytest.approx((1 + 0 + 1.5 + 2 + 1) / 7)
    assert found["rewards"]["format"] == pytest.approx(0.5)
    assert found["rewards"]["accuracy"] == 0.5
    assert math.isnan(found["rewards"]["none"])
    assert found["dead_groups_percent"] == 75.0  # all but the first: equal rewards, or a single one


def test_lengths():
    found = length_metrics(list(range(1, 101)), [True] * 5 + [False] * 95)
    assert found == {"length_mean": 50.5, "length_p95": 96.0, "truncated_percent": 5.0}
    assert math.isnan(percentile([], 0.95))


def test_advantages():
    found = advantage_metrics(torch.tensor([[1.0, -1.0], [3.0, -3.0]]))
    assert found == {"advantage_mean": 0.0, "advantage_std": pytest.approx(math.sqrt(5))}


def test_clipping_counts_exactly_the_tokens_without_gradient():
    generator = torch.Generator().manual_seed(0)
    old = -torch.rand(400, generator=generator)
    logprobs = (old + 0.4 * torch.randn(400, generator=generator)).requires_grad_()
    advantages = torch.randn(400, generator=generator)
    low, high = 0.2, 0.28
    ratio = (logprobs - old).exp()
    surrogate = torch.minimum(ratio * advantages, ratio.clamp(1 - low, 1 + high) * advantages)
    (gradient,) = torch.autograd.grad(surrogate.sum(), logprobs)
    found = clip_fraction(logprobs.detach(), old, advantages, Loss(clip_low=low, clip_high=high))
    assert 0 < float(found) == pytest.approx(float((gradient == 0).float().mean()))


def test_the_sample_estimates_reach_the_true_values():
    generator = torch.Generator().manual_seed(1)
    policy = torch.randn(50, generator=generator).log_softmax(-1)
    other = (policy + 0.3 * torch.randn(50, generator=generator)).log_softmax(-1)
    drawn = torch.multinomial(policy.exp(), 200_000, replacement=True, generator=generator)
    assert entropy(policy[drawn]) == pytest.approx(float(-(policy.exp() * policy).sum()), rel=0.01)
    divergence = float((policy.exp() * (policy - other)).sum())
    assert float(k3(policy[drawn], other[drawn]).mean()) == pytest.approx(divergence, rel=0.02)
    assert math.isnan(entropy(torch.zeros(0)))


def test_importance_weights_are_ratios_up_to_the_cap():
    sampler = torch.tensor([0.2, 0.5, 0.1, 0.4]).log()
    old = torch.tensor([0.1, 0.5, 0.9, 0.44]).log().requires_grad_()
    weights = truncated_importance(old, sampler, 2.0)
    assert not weights.requires_grad
    assert weights.tolist() == pytest.approx([0.5, 1.0, 2.0, 1.1])


def test_importance_weights_correct_an_expectation():
    """Tokens drawn from the sampler and weighted have the trainer's mean where nothing is capped."""
    generator = torch.Generator().manual_seed(2)
    trainer = torch.randn(30, generator=generator).log_softmax(-1)
    sampler = (trainer + 0.2 * torch.randn(30, generator=generator)).log_softmax(-1)
    value = torch.randn(30, generator=generator)
    drawn = torch.multinomial(sampler.exp(), 400_000, replacement=True, generator=generator)
    weights = truncated_importance(trainer[drawn], sampler[drawn], 10.0)
    assert float((weights * value[drawn]).mean()) == pytest.approx(float((trainer.exp() * value).sum()), abs=0.01)
