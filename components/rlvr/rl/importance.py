"""Correction for completions that another engine sampled: truncated importance sampling.

An inference engine's log-probs differ from the trainer's for the same weights (other kernels, other precision), so the
sampler is another policy than the one the update starts from. Every token's loss is multiplied by the probability
ratio of the two, cut at a cap (Yao et al. 2025, "Your efficient RL framework secretly brings you off-policy RL
training"; Ionides 2008 for the truncation).
"""

import torch


def truncated_importance(old: torch.Tensor, sampler: torch.Tensor, cap: float) -> torch.Tensor:
    """Weight of each token, [N] without gradient: min(exp(old - sampler), cap).

    old [N]: the trainer's own log-probs before the update; sampler [N]: those the engine reported when it drew.
    """
    return (old.detach() - sampler.detach()).float().exp().clamp(max=cap)
