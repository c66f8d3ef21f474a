"""Reward for being shorter than the other completions of the group (Kimi k1.5 §2.3.3)."""

from collections.abc import Sequence

from rlvr.training import LengthReward


def length_rewards(lengths: Sequence[int], correct: Sequence[bool]) -> list[float]:
    """One value in [-0.5, 0.5] a completion of one prompt.

    lambda = 0.5 - (length - min) / (max - min) over all completions, right or wrong; wrong ones get min(0, lambda).
    All 0 where all lengths are equal. `lengths` may have any unit.
    """
    shortest, longest = min(lengths), max(lengths)
    if shortest == longest:
        return [0.0] * len(lengths)
    brevity = [0.5 - (length - shortest) / (longest - shortest) for length in lengths]
    return [value if right else min(0.0, value) for value, right in zip(brevity, correct, strict=True)]


def with_length_rewards(
    rewards: Sequence[float], lengths: Sequence[int], correct: Sequence[bool], settings: LengthReward, step: int
) -> list[float]:
    """Rewards of one group plus `weight` times its length rewards; unchanged in the first `after_steps` steps.

    Steps count from 0. A NaN reward (no reward) stays NaN.
    """
    if step < settings.after_steps:
        return list(rewards)
    brevity = length_rewards(lengths, correct)
    return [reward + settings.weight * value for reward, value in zip(rewards, brevity, strict=True)]
