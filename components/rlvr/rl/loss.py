"""Policy losses as terms a token, and normalisers as global weights a token.

The loss of a step is sum_t weight_t * loss_t. Weights are computed over the whole optimiser batch before it is split,
so neither packing, micro-batches nor the number of processes change the result.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of some responses, one after the other."""

    logprobs: torch.Tensor
    """Log-probs under the policy, with their gradient, [N]."""
    old: torch.Tensor
    """Log-probs under the policy before the update, [N]."""
    advantage: torch.Tensor
    """Advantage of each token's response, [N]."""
    lengths: torch.Tensor
    """Tokens of each response, [S]."""
    learnt: torch.Tensor
    """Which tokens have a weight in the loss, [N] bool."""


def ratio_one(tokens: Tokens, settings: Loss) -> torch.Tensor:
    """Policy gradient whose importance ratio is 1 in value (DeepSeekMath's GRPO with one update a rollout)."""
    return -(tokens.logprobs - tokens.logprobs.detach()).exp() * tokens.advantage


def clipped(tokens: Tokens, settings: Loss) -> torch.Tensor:
    """PPO's clipped surrogate, with separate lower and upper bounds (DAPO) and an optional cap of the plain ratio."""
    ratio = (tokens.logprobs - tokens.old).exp()
    bounded = ratio.clamp(1 - settings.clip_low, 1 + settings.clip_high)
    if settings.ratio_cap is not None:
        ratio = ratio.clamp(max=settings.ratio_cap)
    return -torch.minimum(ratio * tokens.advantage, bounded * tokens.advantage)


def mirror_descent(tokens: Tokens, settings: Loss) -> torch.Tensor:
    """Online policy mirror descent (Kimi k1.5 §2.3.2, eq. 3): -A log p + tau / 2 d^2, d the sequence's log ratio.

    Only learnt tokens count. d^2 is spread evenly over them, so that with equal weights the terms sum to the sequence's
    loss.
    """
    lengths, learnt = tokens.lengths, tokens.learnt.to(tokens.logprobs.dtype)
    owner = torch.repeat_interleave(torch.arange(len(lengths), device=lengths.device), lengths)
    nothing = tokens.logprobs.new_zeros(len(lengths))
    drift = nothing.index_add(0, owner, (tokens.logprobs - tokens.old) * learnt)
    counts = nothing.index_add(0, owner, learnt).clamp(min=1)
    return -tokens.advantage * tokens.logprobs + (settings.tau / 2 * drift**2 / counts).index_select(0, owner)


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
    learnt: torch.Tensor | None = None,
) -> torch.Tensor:
    """Unweighted loss of each token, [N]: the objective plus `kl_weight` times k3.

    logprobs [N] carry the gradient; old [N] are the sampled log-probs; reference [N] or None; advantage [N] a token;
    lengths [S] of the responses that the tokens belong to, in order; learnt [N] bool marks the tokens that have a
    weight (None: all).
    """
    learnt = torch.ones_like(logprobs, dtype=torch.bool) if learnt is None else learnt
    tokens = Tokens(logprobs, old, advantage, lengths, learnt)
    policy = OBJECTIVES[settings.objective](tokens, settings)
    return policy if reference is None else policy + settings.kl_weight * k3(logprobs, reference)


def clip_fraction(logprobs: torch.Tensor, old: torch.Tensor, advantage: torch.Tensor, settings: Loss) -> torch.Tensor:
    """Share of tokens whose gradient the clipping stops, a scalar."""
    ratio = (logprobs - old).exp()
    outside = ((ratio > 1 + settings.clip_high) & (advantage > 0)) | ((ratio < 1 - settings.clip_low) & (advantage < 0))
    return outside.float().mean()
