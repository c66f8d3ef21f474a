"""Intervals against scipy, statsmodels, published examples and simulated coverage."""

import math

import numpy as np
import pytest

from rlvr.errors import RlvrError
from rlvr.scoring import intervals

scipy_stats = pytest.importorskip("scipy.stats")


@pytest.mark.parametrize(("successes", "n"), [(0, 1), (1, 1), (0, 20), (20, 20), (165, 200), (292, 754), (3, 5000)])
@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_wilson_equals_scipy(successes: int, n: int, confidence: float) -> None:
    expected = scipy_stats.binomtest(successes, n).proportion_ci(confidence, method="wilson")
    assert intervals.wilson(successes, n, confidence) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_mean_interval_equals_scipy_for_graded_scores() -> None:
    scores = np.random.default_rng(0).beta(2, 3, size=80)
    expected = scipy_stats.ttest_1samp(scores, 0).confidence_interval(0.95)
    assert intervals.mean_interval(list(scores)) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_mean_interval_is_wilson_for_outcomes_and_never_has_width_zero() -> None:
    assert intervals.mean_interval([1.0] * 3 + [0.0] * 7) == intervals.wilson(3, 10)
    low, high = intervals.mean_interval([0.25] * 40)
    assert low < 0.25 < high


def _score_statistic(difference: float, gained: int, lost: int, n: int) -> float:
    """Tango's statistic with the nuisance share found by direct maximisation of the multinomial likelihood."""
    from scipy.optimize import minimize_scalar

    def loss(lost_share: float) -> float:
        gained_share = lost_share + difference
        rest = 1 - gained_share - lost_share
        if min(gained_share, lost_share, rest) <= 0:
            return 1e9
        return -(gained * math.log(gained_share) + lost * math.log(lost_share) + (n - gained - lost) * math.log(rest))

    bounds = (max(0.0, -difference), (1 - difference) / 2)
    lost_share = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-13}).x
    variance = n * (2 * lost_share + difference - difference**2)
    return float((gained - lost - n * difference) / math.sqrt(variance))


@pytest.mark.parametrize(("gained", "lost", "n"), [(1, 7, 21), (74, 5, 200), (12, 12, 60), (30, 3, 40), (2, 9, 754)])
def test_tango_ends_where_the_score_test_is_just_rejected(gained: int, lost: int, n: int) -> None:
    low, high = intervals.tango(gained, lost, n)
    assert _score_statistic(low, gained, lost, n) == pytest.approx(1.959964, abs=1e-4)
    assert _score_statistic(high, gained, lost, n) == pytest.approx(-1.959964, abs=1e-4)


def test_tango_reproduces_a_published_example() -> None:
    """Airway hyper-responsiveness before and after transplantation, 21 children (Fagerland et al. 2014)."""
    assert intervals.tango(1, 7, 21) == pytest.approx((-0.517, -0.026), abs=5e-4)


@pytest.mark.parametrize(("gained", "lost"), [(9, 2), (10, 2), (11, 3), (12, 3), (40, 20), (40, 25), (0, 4), (0, 3)])
def test_tango_excludes_zero_exactly_where_mcnemar_rejects(gained: int, lost: int) -> None:
    contingency = pytest.importorskip("statsmodels.stats.contingency_tables")
    table = [[50, lost], [gained, 50]]
    p = contingency.mcnemar(table, exact=False, correction=False).pvalue
    low, high = intervals.tango(gained, lost, 100 + gained + lost)
    assert (low > 0 or high < 0) == (p < 0.05)


def test_tango_at_the_edges() -> None:
    assert intervals.tango(10, 0, 10)[1] == 1.0
    assert intervals.tango(0, 10, 10)[0] == -1.0
    low, high = intervals.tango(0, 0, 200)
    assert low == pytest.approx(-high) and 0 < high < 0.03
    mirrored = intervals.tango(5, 74, 200)
    assert intervals.tango(74, 5, 200) == pytest.approx((-mirrored[1], -mirrored[0]))


def test_difference_interval_chooses_by_the_kind_of_score() -> None:
    before, after = [0.0, 0.0, 1.0, 1.0, 0.0], [1.0, 0.0, 1.0, 0.0, 1.0]
    assert intervals.difference_interval(before, after) == intervals.tango(2, 1, 5)
    rng = np.random.default_rng(1)
    old, new = rng.random(60), rng.random(60)
    expected = scipy_stats.ttest_rel(new, old).confidence_interval(0.95)
    assert intervals.difference_interval(list(old), list(new)) == pytest.approx((expected.low, expected.high))
    low, high = intervals.difference_interval([0.3] * 50, [0.3] * 50)
    assert low < 0 < high


def test_detectable_matches_the_power_of_a_normal_test() -> None:
    assert intervals.detectable(200) == pytest.approx(0.099, abs=1e-3)
    assert intervals.detectable(754) == pytest.approx(0.051, abs=1e-3)
    assert intervals.detectable(1) == 1.0
    assert intervals.detectable(100, spread=0.2) == pytest.approx(2.8016 * 0.02, abs=1e-4)


@pytest.mark.parametrize(("gain_share", "loss_share", "n"), [(0.1, 0.1, 60), (0.3, 0.05, 100), (0.02, 0.01, 200)])
def test_simulated_coverage_of_the_paired_interval(gain_share: float, loss_share: float, n: int) -> None:
    rng = np.random.default_rng(7)
    draws = rng.multinomial(n, [gain_share, loss_share, 1 - gain_share - loss_share], size=1500)
    counts, times = np.unique(draws[:, :2], axis=0, return_counts=True)
    covered = 0
    for (gained, lost), repeats in zip(counts.tolist(), times.tolist(), strict=True):
        low, high = intervals.tango(gained, lost, n)
        covered += repeats * (low <= gain_share - loss_share <= high)
    assert 0.93 <= covered / 1500 <= 0.985


def test_simulated_coverage_of_graded_scores() -> None:
    rng = np.random.default_rng(8)
    covered = 0
    for _ in range(600):
        low, high = intervals.mean_interval(list(rng.beta(2, 3, size=60)))
        covered += low <= 0.4 <= high
    assert 0.92 <= covered / 600 <= 0.98


def test_impossible_inputs_are_refused() -> None:
    for attempt in (
        lambda: intervals.wilson(3, 2),
        lambda: intervals.wilson(0, 0),
        lambda: intervals.wilson(1, 2, confidence=1.0),
        lambda: intervals.tango(2, 2, 3),
        lambda: intervals.mean_interval([]),
        lambda: intervals.mean_interval([0.5, 1.5]),
        lambda: intervals.mean_interval([math.nan]),
        lambda: intervals.difference_interval([1.0], [1.0, 0.0]),
        lambda: intervals.detectable(0),
    ):
        with pytest.raises(RlvrError):
            attempt()
