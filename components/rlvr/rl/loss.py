"""Policy losses as terms a token, and normalisers as global weights a token.

The loss of a step is sum_t weight_t * loss_t. Weights are computed over the whole optimiser batch before it is split,
so neither packing, micro-batches nor the number of processes change the result.
"""

from collections.abc import Callable, Mapping

import torch

from rlvr.training import Loss


def token_weights(
    lengths: torch.Tensor,
    settings: Loss,
    max_new_tokens: int,
    included: torch.Tensor,
    learnt: torch.Tensor | None = None,
) -> torch.Tensor:
    """Weight of each response token in the loss, [N], for responses of `lengths` [S].

    `included` [S] bool leaves responses out (weight 0, and not counted in any mean); `learnt` [N] bool leaves tokens
    out the same way.
    """
    owner = torch.repeat_interleave(torch.arange(len(lengths)), lengths)
    token = included[owner].float() if learnt is None else included[owner].float() * learnt
    counted = torch.zeros(len(lengths)).index_add_(0, owner, token)
    sequences = (counted > 0).sum().clamp(min=1)
    if settings.normaliser == "sequence_mean":
        return token / counted.clamp(min=1)[owner] / sequences
    if settings.normaliser == "token_mean":
        return token / token.sum().clamp(min=1)
    if settings.normaliser == "constant_length":
        return token / max_new_tokens / sequences
    return token / sequences


def k3(logprobs: torch.Tensor, reference: torch.Tensor) -> torch.Tensor:
    """Schulman's k3 estimate of KL(policy || reference) a token: exp(d) - d - 1 with d = reference - policy."""
    difference = reference - logprobs
    return difference.exp() - difference - 1


def ratio_one(
    logprobs: torch.Tensor, old: torch.Tensor, advantage: torch.Tensor, lengths: torch.Tensor, settings: Loss
) -> torch.Tensor:
    """Policy gradient whose importance ratio is 1 in value (DeepSeekMath's GRPO with one update a rollout)."""
    return -(logprobs - logprobs.detach()).exp() * advantage


def clipped(
    logprobs: torch.Tensor, old: torch.Tensor, advantage: torch.Tensor, lengths: torch.Tensor, settings: Loss
) -> torch.Tensor:
    """PPO's clipped surrogate, with separate lower and upper bounds (DAPO) and an optional cap of the plain ratio."""
    ratio = (logprobs - old).exp()
    bounded = ratio.clamp(1 - settings.clip_low, 1 + settings.clip_high)
    if settings.ratio_cap is not None:
        ratio = ratio.clamp(max=settings.ratio_cap)
    return -torch.minimum(ratio * advantage, bounded * advantage)


def mirror_descent(
    logprobs: torch.Tensor, old: torch.Tensor, advantage: torch.Tensor, lengths: torch.Tensor, settings: Loss
) -> torch.Tensor:
    """Online policy mirror descent (Kimi k1.5 §2.3.2, eq. 3): -A log p + tau / 2 d^2, d the sequence's log ratio.

    d^2 is spread evenly over the sequence's tokens, so that with equal weights the terms sum to the sequence's loss.
    """
    owner = torch.repeat_interleave(torch.arange(len(lengths), device=lengths.device), lengths)
    drift = logprobs.new_zeros(len(lengths)).index_add(0, owner, logprobs - old)
    return -advantage * logprobs + (settings.tau / 2 * drift**2 / lengths)[owner]


OBJECTIVES: Mapping[str, Callable[..., torch.Tensor]] = {
    "ratio_one": ratio_one,
    "clipped": clipped,
    "mirror_descent": mirror_descent,
}
"""What `Loss.objective` names."""


def token_losses(
    logprobs: torch.Tensor,
    old: torch.Tensor,
    reference: torch.Tensor | None,
    advantage: torch.Tensor,
    settings: Loss,
    lengths: torch.Tensor,
) -> torch.Tensor:
    """Unweighted loss of each token, [N]: the objective plus `kl_weight` times k3.

    logprobs [N] carry the gradient; old [N] are the sampled log-probs; reference [N] or None; advantage [N] a token;
    lengths [S] of the responses that the tokens belong to, in order.
    """
    policy = OBJECTIVES[settings.objective](logprobs, old, advantage, lengths, settings)
    return policy if reference is None else policy + settings.kl_weight * k3(logprobs, reference)


def clip_fraction(logprobs: torch.Tensor, old: torch.Tensor, advantage: torch.Tensor, settings: Loss) -> torch.Tensor:
    """Share of tokens whose gradient the clipping stops, a scalar."""
    ratio = (logprobs - old).exp()
    outside = ((ratio > 1 + settings.clip_high) & (advantage > 0)) | ((ratio < 1 - settings.clip_low) & (advantage < 0))
    return outside.float().mean()
