"""From the rewards of groups to advantages.

GRPO: DeepSeekMath §4.1; RLOO: Ahmadian et al. 2024; log partition: Kimi k1.5 §2.3.2.
"""

import torch

from rlvr.training import Advantage


def advantages(rewards: torch.Tensor, settings: Advantage) -> torch.Tensor:
    """Advantages, [B, G], of rewards [B, G]; NaN marks a completion without reward and gets advantage 0.

    A completion alone in its group has nothing to compare with: see `Advantage.lone`.
    """
    scored = ~rewards.isnan()
    values = rewards.nan_to_num(0.0)
    values = values if values.is_floating_point() else values.float()
    count = scored.sum(1, keepdim=True)
    result = (values - baseline(values, scored, settings)) / scale(values, scored, settings)
    low = values.masked_fill(~scored, torch.inf).amin(1, keepdim=True)
    high = values.masked_fill(~scored, -torch.inf).amax(1, keepdim=True)
    result = torch.where(low == high, 0.0, result)  # rounding would leave some, and a tiny deviation enlarge it
    alone = values / (1 + settings.epsilon) if settings.lone == "reward" else torch.zeros_like(values)
    result = torch.where(scored, torch.where(count > 1, result, alone), 0.0)
    if settings.whiten and scored.sum() > 1:
        chosen = result[scored]
        result = torch.where(scored, (result - chosen.mean()) / (chosen.std() + 1e-8), 0.0)
    return result


def with_length_bonus(values: torch.Tensor, lengths: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Advantages [B, G] times 1 + b, where b is how far a right answer is longer than their mean in its group.

    The longest one has b = 0.499, the shortest one -0.499, others in proportion, clipped to these; wrong ones have 0
    (VL-Rethinker, experience_maker.py @ dd2c17d, `--format longer`).
    """
    mean = (lengths * right).sum(1, keepdim=True) / right.sum(1, keepdim=True).clamp(min=1)
    over = (lengths - mean) * right
    most, least = over.amax(1, keepdim=True), over.amin(1, keepdim=True).abs()
    bonus = torch.where(over > 0, over / most, over / torch.where(least > 0, least, 1.0))
    return values * (1 + bonus.clamp(-0.499, 0.499)).to(values.dtype)


def baseline(values: torch.Tensor, scored: torch.Tensor, settings: Advantage) -> torch.Tensor:
    """What is subtracted from each reward, broadcastable to [B, G]."""
    count = scored.sum(1, keepdim=True)
    total = values.sum(1, keepdim=True)
    if settings.baseline == "leave_one_out":
        return (total - values) / (count - 1).clamp(min=1)
    if settings.baseline == "log_partition":
        return log_partition(values, scored, settings.tau)
    return total / count.clamp(min=1)


def log_partition(values: torch.Tensor, scored: torch.Tensor, tau: float) -> torch.Tensor:
    """Tau log mean exp(r / tau) of each group, [B, 1]; tends to the mean as tau grows."""
    exponents = (values.double() / tau).masked_fill(~scored, -torch.inf)  # float32 would not give exact zeros
    counts = scored.sum(1, keepdim=True).clamp(min=1).double()
    return (tau * (exponents.logsumexp(1, keepdim=True) - counts.log())).to(values.dtype)


def scale(values: torch.Tensor, scored: torch.Tensor, settings: Advantage) -> torch.Tensor:
    """What the difference is divided by, broadcastable to [B, G]."""
    if settings.scale == "none":
        return torch.ones((), dtype=values.dtype)
    if settings.scale == "batch_std":
        return values[scored].std(correction=settings.ddof).nan_to_num(0.0) + settings.epsilon
    count = scored.sum(1, keepdim=True)
    mean = values.sum(1, keepdim=True) / count.clamp(min=1)
    squares = ((values - mean) ** 2 * scored).sum(1, keepdim=True)
    return (squares / (count - settings.ddof).clamp(min=1)).sqrt() + settings.epsilon
