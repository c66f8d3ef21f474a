"""Confidence intervals of scores and of differences between two models on the same rows.

Every number a report prints carries an interval, and two models are compared row by row. All functions work on
proportions and on scores in [0, 1] and return `(low, high)` in the same unit:

    wilson(165, 200)                  -> (0.766, 0.871)
    tango(gained=74, lost=5, n=200)   -> (0.272, 0.418)

Sources: Wilson, JASA 22 (1927) 209; Tango, Statistics in Medicine 17 (1998) 891, whose interval leaves out zero exactly
where McNemar's test rejects, and which Fagerland, Lydersen and Laake, Statistics in Medicine 33 (2014) 2850, recommend
for paired proportions; Miller, arXiv 2411.00640, for paired comparison of evaluations and, in equation 4, for rows that
share a problem. Student's t is scipy's.
"""

import math
from collections.abc import Callable, Sequence
from statistics import NormalDist

import numpy as np

from rlvr.errors import RlvrError

Bounds = tuple[float, float]
"""Lower and upper end of an interval."""


def wilson(successes: float, n: int, confidence: float = 0.95) -> Bounds:
    """Wilson's score interval of a proportion; stays inside [0, 1] and is sound at 0 and at n successes.

    `successes` may be a sum of scores in [0, 1]: their variance is at most that of 0/1 outcomes with the same mean,
    so the interval is then too wide rather than too narrow.
    """
    if n < 1 or not 0 <= successes <= n:
        raise RlvrError(f"An interval needs 0 <= successes <= n and n >= 1; got {successes} of {n}.")
    z = _z(confidence)
    share = successes / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return (0.0 if successes == 0 else max(0.0, middle - half)), (1.0 if successes == n else min(1.0, middle + half))


def tango(gained: float, lost: float, n: int, confidence: float = 0.95) -> Bounds:
    """Tango's score interval of `(gained - lost) / n`, the paired difference of two proportions.

    `gained` rows are wrong before and right after, `lost` rows the reverse. As in `wilson`, sums of positive and of
    negative score differences may stand for the counts; the interval is then conservative.
    """
    if n < 1 or min(gained, lost) < 0 or gained + lost > n + 1e-9:
        raise RlvrError(f"Of {n} pairs, {gained} gained and {lost} lost are impossible.")
    z = _z(confidence)
    estimate = (gained - lost) / n

    def statistic(difference: float) -> float:
        linear = -gained - lost + (2 * n - gained + lost) * difference
        constant = -lost * difference * (1 - difference)
        lost_share = (math.sqrt(max(0.0, linear * linear - 8 * n * constant)) - linear) / (4 * n)
        variance = n * (2 * lost_share + difference * (1 - difference))
        distance = gained - lost - n * difference
        return distance / math.sqrt(variance) if variance > 0 else math.copysign(math.inf, distance)

    low = -1.0 if estimate <= -1 else _falling_root(lambda d: statistic(d) - z, -1.0, estimate)
    high = 1.0 if estimate >= 1 else _falling_root(lambda d: statistic(d) + z, estimate, 1.0)
    return low, high


def mean_interval(scores: Sequence[float], confidence: float = 0.95) -> Bounds:
    """Interval of the mean of scores in [0, 1]: Wilson's for 0/1 outcomes, Student's t otherwise.

    Scores that are all alike have no spread to judge by; Wilson's conservative form stands in for them.
    """
    values = _checked(scores)
    if _binary(values) or np.ptp(values) == 0:
        return wilson(float(values.sum()), len(values), confidence)
    low, high = _student(values, confidence)
    return max(0.0, low), min(1.0, high)


def difference_interval(before: Sequence[float], after: Sequence[float], confidence: float = 0.95) -> Bounds:
    """Interval of the mean of `after - before`, scores in [0, 1] of the same rows in the same order.

    Tango's for 0/1 outcomes, the paired t interval otherwise; Tango's conservative form where no difference varies.
    """
    old, new = _checked(before), _checked(after)
    if len(old) != len(new):
        raise RlvrError(f"A paired difference needs the same rows on both sides; got {len(old)} and {len(new)} scores.")
    change = new - old
    if (_binary(old) and _binary(new)) or np.ptp(change) == 0:
        gained, lost = float(change[change > 0].sum()), float(-change[change < 0].sum())
        return tango(gained, lost, len(change), confidence)
    low, high = _student(change, confidence)
    return max(-1.0, low), min(1.0, high)


def clustered_error(values: Sequence[float], clusters: Sequence[str]) -> float:
    """Standard error of the mean where rows of one cluster are not independent (Miller 2024, equation 4).

    With the factor C / (C - 1) for C clusters, so that clusters of one row each give the usual standard error.
    """
    _, code = np.unique(np.asarray(clusters, dtype=object).astype(str), return_inverse=True)
    scores = np.asarray(values, dtype=np.float64)
    sums = np.bincount(code, weights=scores - scores.mean())
    count = len(sums)
    return math.sqrt(count / (count - 1) * float(sums @ sums)) / len(scores) if count > 1 else 0.0


def clustered_interval(scores: Sequence[float], clusters: Sequence[str], confidence: float = 0.95) -> Bounds:
    """Interval of the mean of scores in [0, 1] with one cluster a score: Student's t, C - 1 degrees of freedom.

    Where nothing varies, Wilson's for as many rows as there are clusters.
    """
    values = _checked(scores)
    count, error = len(set(clusters)), clustered_error(scores, clusters)
    if not error:
        return wilson(float(values.mean()) * count, count, confidence)
    low, high = _around(float(values.mean()), error, count - 1, confidence)
    return max(0.0, low), min(1.0, high)


def clustered_difference(
    before: Sequence[float], after: Sequence[float], clusters: Sequence[str], confidence: float = 0.95
) -> Bounds:
    """Interval of the mean of `after - before`, row by row, with one cluster a row."""
    change = _checked(after) - _checked(before)
    count, error = len(set(clusters)), clustered_error(list(change), clusters)
    if not error:
        mean = float(change.mean())
        return tango(max(0.0, mean) * count, max(0.0, -mean) * count, count, confidence)
    low, high = _around(float(change.mean()), error, count - 1, confidence)
    return max(-1.0, low), min(1.0, high)


def detectable(
    n: int,
    *,
    share: float = 0.5,
    correlation: float = 0.5,
    spread: float | None = None,
    power: float = 0.8,
    confidence: float = 0.95,
) -> float:
    """Smallest true difference of two mean scores that n paired rows show with probability `power`.

    For right and wrong, `share` is the accuracy (0.5 is the hardest case) and `correlation` how alike the two models'
    outcomes are. For graded scores give `spread`, the standard deviation of the rows' differences.
    """
    if n < 1:
        raise RlvrError(f"A benchmark needs at least one row; got {n}.")
    if spread is None:
        spread = math.sqrt(2 * share * (1 - share) * (1 - correlation))
    return min(1.0, (_z(confidence) + NormalDist().inv_cdf(power)) * spread / math.sqrt(n))


def _student(values: np.ndarray, confidence: float) -> Bounds:
    n = len(values)
    return _around(float(values.mean()), float(values.std(ddof=1)) / math.sqrt(n), n - 1, confidence)


def _around(mean: float, error: float, freedom: int, confidence: float) -> Bounds:
    """`mean` and Student's t times its standard error to either side."""
    from scipy.special import stdtrit

    _z(confidence)  # refuses what is no confidence
    half = float(stdtrit(freedom, (1 + confidence) / 2)) * error
    return mean - half, mean + half


def _z(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise RlvrError(f"A confidence lies between 0 and 1; got {confidence}.")
    return NormalDist().inv_cdf((1 + confidence) / 2)


def _checked(scores: Sequence[float]) -> np.ndarray:
    values = np.asarray(scores, dtype=np.float64)
    if not values.size or not bool(((values >= 0) & (values <= 1)).all()):
        raise RlvrError("An interval of a mean needs at least one score, and every score in [0, 1].")
    return values


def _binary(values: np.ndarray) -> bool:
    return bool(np.isin(values, (0.0, 1.0)).all())


def _falling_root(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a falling function crosses zero between `low` and `high`, by bisection to the last bits."""
    for _ in range(100):
        middle = (low + high) / 2
        if function(middle) > 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2
