"""From the rewards of groups to advantages (GRPO: DeepSeekMath §4.1; RLOO: Ahmadian et al. 2024)."""

import torch

from rlvr.training import Advantage


def advantages(rewards: torch.Tensor, settings: Advantage) -> torch.Tensor:
    """Advantages, [B, G], of rewards [B, G]; NaN marks a completion without reward and gets advantage 0.

    Groups of one completion get 0 under `group_mean` and `leave_one_out` alike: there is nothing to compare with.
    """
    scored = ~rewards.isnan()
    values = rewards.nan_to_num(0.0)
    count = scored.sum(1, keepdim=True)
    total = values.sum(1, keepdim=True)
    mean = total / count.clamp(min=1)
    if settings.baseline == "leave_one_out":
        baseline = (total - values) / (count - 1).clamp(min=1)
    else:
        baseline = mean
    result = values - baseline
    if settings.scale == "group_std":
        squares = ((values - mean) ** 2 * scored).sum(1, keepdim=True)
        std = (squares / (count - settings.ddof).clamp(min=1)).sqrt()
        result = result / (std + settings.epsilon)
    result = torch.where(scored & (count > 1), result, 0.0)
    if settings.whiten:
        chosen = result[scored]
        result = torch.where(scored, (result - chosen.mean()) / (chosen.std() + 1e-8), 0.0)
    return result
