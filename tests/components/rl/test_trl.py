"""Loss values and gradients equal those of TRL's GRPOTrainer on the same tensors: its own `_compute_loss` is called."""

import warnings
from collections import defaultdict
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from rlvr.backbones.checkpoint import quiet_transformers
from rlvr.rl.advantages import advantages
from rlvr.rl.loss import token_losses, token_weights
from rlvr.training import Advantage, Loss

LENGTHS = torch.tensor([3, 7, 5, 1, 6, 7, 2, 4])
LONGEST, LIMIT = 7, 9
SETTINGS = {
    "grpo": Loss(objective="clipped", normaliser="sequence_mean"),
    "dr_grpo": Loss(objective="clipped", normaliser="constant_length"),
    "dapo": Loss(objective="clipped", normaliser="token_mean"),
}
"""TRL's `loss_type` -> ours."""


@pytest.fixture(scope="module")
def trainer():
    quiet_transformers()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TRL's own remarks
        from trl import GRPOTrainer
    return GRPOTrainer


@pytest.fixture
def tensors():
    generator = torch.Generator().manual_seed(0)
    logprobs, old, reference = (-2 * torch.rand(len(LENGTHS), LONGEST, generator=generator) for _ in range(3))
    mask = torch.arange(LONGEST) < LENGTHS[:, None]
    rewards = torch.rand(2, 4, generator=generator)
    return logprobs, old, reference, mask, rewards


def theirs(trainer, loss_type, tensors, advantage, *, beta, low, high, delta):
    logprobs, old, reference, mask, _ = tensors
    logprobs = logprobs.clone().requires_grad_()
    accelerator = SimpleNamespace(
        num_processes=1, gather=lambda tensor: tensor, reduce=lambda tensor, **_: tensor, sync_gradients=True
    )
    one = SimpleNamespace(
        _get_per_token_logps_and_entropies=lambda *_, **__: (logprobs, torch.zeros_like(logprobs), None),
        args=SimpleNamespace(use_bias_correction_kl=False, delta=delta, steps_per_generation=1),
        model=SimpleNamespace(training=True),
        accelerator=accelerator,
        _metrics={"train": defaultdict(list)},
        aux_loss_enabled=False,
        top_entropy_quantile=1.0,
        off_policy_mask_threshold=None,
        importance_sampling_level="token",
        beta=beta,
        loss_type=loss_type,
        epsilon_low=low,
        epsilon_high=high,
        use_vllm=False,
        max_completion_length=LIMIT,
        current_gradient_accumulation_steps=1,
        _entropy_bonus_enabled=False,
        use_adaptive_entropy=False,
    )
    inputs = {
        "prompt_ids": torch.zeros(len(LENGTHS), 2, dtype=torch.long),
        "prompt_mask": torch.ones(len(LENGTHS), 2),
        "completion_ids": torch.zeros(len(LENGTHS), LONGEST, dtype=torch.long),
        "completion_mask": mask.float(),
        "advantages": advantage.flatten(),
        "old_per_token_logps": old,
        "ref_per_token_logps": reference,
        "num_items_in_batch": mask.sum(),
    }
    loss = trainer._compute_loss(one, None, inputs)
    return loss, torch.autograd.grad(loss, logprobs)[0][mask]


def ours(loss_type, tensors, advantage, *, beta, low, high, delta):
    logprobs, old, reference, mask, _ = tensors
    flat = logprobs[mask].clone().requires_grad_()
    settings = replace(SETTINGS[loss_type], kl_weight=beta, clip_low=low, clip_high=high, ratio_cap=delta)
    weights = token_weights(LENGTHS, settings, LIMIT, torch.ones(len(LENGTHS), dtype=torch.bool))
    per_token = advantage.flatten().repeat_interleave(LENGTHS)
    losses = token_losses(flat, old[mask], reference[mask] if beta else None, per_token, settings, LENGTHS)
    loss = (losses * weights).sum()
    return loss, torch.autograd.grad(loss, flat)[0]


@pytest.mark.parametrize("delta", [None, 1.5])
@pytest.mark.parametrize("beta", [0.0, 0.04])
@pytest.mark.parametrize("loss_type", SETTINGS)
def test_loss_and_gradient_equal_trl(loss_type, beta, delta, trainer, tensors):
    scale = "none" if loss_type == "dr_grpo" else "group_std"
    advantage = advantages(tensors[-1], Advantage(scale=scale))
    options = {"beta": beta, "low": 0.2, "high": 0.28, "delta": delta}
    loss, gradient = ours(loss_type, tensors, advantage, **options)
    expected, slope = theirs(trainer, loss_type, tensors, advantage, **options)
    assert loss.item() == pytest.approx(expected.item(), abs=1e-7, rel=1e-6)
    assert torch.allclose(gradient, slope, atol=1e-8, rtol=1e-5)
    assert (gradient == 0).any() == (slope == 0).any()  # some tokens are clipped
