"""MMR1's length reward: a cosine of the number of characters over the limit in TOKENS.

    right, bounds 0.5 and 1     0 characters -> 1,  4096 of 8192 -> 0.75,  8192 -> 0.5
    right, bounds 0 and 0       always 0 (the published settings)

Upstream: LengSicong/MMR1@d8161a0 verl/utils/reward_score/openr1_rewards_batch.py. It compares characters with tokens,
and goes up again beyond the limit; it has no effect in the published run, whose four bounds are 0.
"""

import math


def value(
    characters: int, limit: int, *, right: bool, of_wrong: tuple[float, float], of_right: tuple[float, float]
) -> float:
    """Reward of a text; bounds are (lowest, highest), and a wrong answer gains by length what a right one loses."""
    long, short = of_right if right else (of_wrong[1], of_wrong[0])
    return long + (short - long) * (1 + math.cos(math.pi * characters / limit)) / 2
