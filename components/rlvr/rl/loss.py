"""The policy loss: ratio-1 or clipped policy gradient, k3 KL, and normalisers as global weights a token.

Weights are computed over the whole optimiser batch before it is split, so neither packing nor micro-batches change the
result.
"""

import torch

from rlvr.training import Loss


def token_weights(lengths: torch.Tensor, settings: Loss, max_new_tokens: int, included: torch.Tensor) -> torch.Tensor:
    """Weight of each response token in the loss, [N], for responses of `lengths` [S].

    `included` [S] bool leaves responses out (weight 0, and not counted in any mean).
    """
    kept = included.float()
    sequences = kept.sum().clamp(min=1)
    if settings.normaliser == "sequence_mean":
        each = kept / lengths.clamp(min=1) / sequences
    elif settings.normaliser == "token_mean":
        each = kept / (kept * lengths).sum().clamp(min=1)
    else:
        each = kept / max_new_tokens / sequences
    return each.repeat_interleave(lengths)


def k3(logprobs: torch.Tensor, reference: torch.Tensor) -> torch.Tensor:
    """Schulman's k3 estimate of KL(policy || reference) a token: exp(d) - d - 1 with d = reference - policy."""
    difference = reference - logprobs
    return difference.exp() - difference - 1


def token_losses(
    logprobs: torch.Tensor,
    old: torch.Tensor,
    reference: torch.Tensor | None,
    advantage: torch.Tensor,
    settings: Loss,
) -> torch.Tensor:
    """Unweighted loss of each token, [N]: policy gradient plus `kl_weight` times k3.

    logprobs [N] carry the gradient; old [N] are the sampled log-probs; reference [N] or None; advantage [N] a token.
    """
    if settings.objective == "ratio_one":
        policy = -(logprobs - logprobs.detach()).exp() * advantage
    else:
        ratio = (logprobs - old).exp()
        clipped = ratio.clamp(1 - settings.clip_low, 1 + settings.clip_high)
        policy = -torch.minimum(ratio * advantage, clipped * advantage)
    if reference is None:
        return policy
    return policy + settings.kl_weight * k3(logprobs, reference)
