"""pass@k: the chance that at least one of k samples is right, estimated from n >= k samples a row without bias.

    pass_at_k(n=4, right=1, k=2)  ->  0.5        1 - C(n - right, k) / C(n, k)

Chen et al., arXiv 2107.03374, equation 1. A k above n cannot be estimated and is refused, never extrapolated.
"""

import math

from rlvr.errors import RlvrError


def pass_at_k(n: int, right: int, k: int) -> float:
    """The estimate for one row of which `right` of `n` samples are right."""
    if not (1 <= k <= n and 0 <= right <= n):
        raise RlvrError(f"pass@{k} of {n} samples, {right} of them right, is impossible; k and right are at most n.")
    return 1.0 - math.prod(1.0 - k / left for left in range(n - right + 1, n + 1)) if n - right >= k else 1.0


def ladder(samples: int) -> list[int]:
    """The k that are worth printing for so many samples: 1, 2, 4, ... and all of them."""
    powers = [2**power for power in range(samples.bit_length()) if 2**power <= samples]
    return sorted({*powers, samples})
