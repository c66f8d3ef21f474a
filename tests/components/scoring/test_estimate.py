"""Numbers with intervals from scores and their design: clusters, parts, samples, boxes."""

import math

import numpy as np
import pytest
from test_average_precision import pictures

from rlvr.errors import RlvrError
from rlvr.scoring import bootstrap, estimate, intervals
from rlvr.scoring.average_precision import average_precision
from rlvr.scoring.design import PLAIN, Design
from rlvr.scoring.grouped_precision import grouped_average_precision
from rlvr.scoring.pass_at_k import ladder, pass_at_k


def test_plain_scores_have_wilson_or_student_intervals() -> None:
    found = estimate.score([1.0] * 165 + [0.0] * 20 + [None] * 15, PLAIN, "published")
    assert (found["score_percent"], found["unparsed_percent"], found["interval"]) == (82.5, 7.5, "wilson")
    assert (found["low"], found["high"]) == tuple(estimate.percent(end) for end in intervals.wilson(165, 200))
    assert estimate.score([0.2, 0.4, 0.9], PLAIN, "published")["interval"] == "t"


def test_clustered_errors_are_those_of_statsmodels() -> None:
    """OLS on a constant with cov_type="cluster", statsmodels 0.15.0: standard errors of the mean."""
    rng = np.random.default_rng(4)
    clusters = [str(number) for number in rng.integers(0, 25, 200)]
    scores = [float(value) for value in rng.random(200) < 0.4]
    assert intervals.clustered_error(scores, clusters) == pytest.approx(CLUSTERED_ERROR, abs=1e-9)
    low, high = intervals.clustered_interval(scores, clusters)
    from scipy.stats import t

    half = t.ppf(0.975, len(set(clusters)) - 1) * CLUSTERED_ERROR
    assert (low, high) == pytest.approx((np.mean(scores) - half, np.mean(scores) + half), abs=1e-9)


CLUSTERED_ERROR = 0.033348401542152906


def test_clusters_of_one_row_change_nothing_and_of_equal_rows_much() -> None:
    scores = [1.0, 0.0, 1.0, 1.0, 0.0, 1.0, 0.0, 0.0]
    alone = estimate.score(scores, Design(clusters=list("abcdefgh")), "published")
    assert alone == estimate.score(scores, PLAIN, "published")
    assert intervals.clustered_error(scores, list("abcdefgh")) == pytest.approx(np.std(scores, ddof=1) / math.sqrt(8))
    four_times = [value for value in scores for _ in range(4)]
    clustered = estimate.score(four_times, Design(clusters=[c for c in "abcdefgh" for _ in range(4)]), "published")
    plain = estimate.score(four_times, PLAIN, "published")
    assert clustered["interval"] == "clustered t"
    assert clustered["high"] - clustered["low"] > 1.8 * (plain["high"] - plain["low"])


def test_clusters_without_spread_still_have_a_width() -> None:
    low, high = intervals.clustered_interval([1.0] * 12, list("aabbccddeeff"))
    assert (low, high) == intervals.wilson(6, 6)
    low, high = intervals.clustered_difference([0.0] * 4, [0.0] * 4, list("aabb"))
    assert low < 0 < high


def test_paired_difference_counts_and_clusters() -> None:
    before, after = [0.0, 0.0, 1.0, None, 1.0, 0.0], [1.0, 1.0, 1.0, 1.0, 0.0, 0.0]
    found = estimate.difference(before, after, PLAIN, PLAIN, "published")
    assert (found["gained"], found["lost"], found["value"]) == (3, 1, 33.3333)
    design = Design(clusters=list("aabbcc"))
    clustered = estimate.difference(before, after, design, design, "published")
    change = np.array([1, 1, 0, 1, -1, 0.0])
    sums = np.array([2, 1, -1]) - 2 * change.mean()
    assert intervals.clustered_error(list(change), list("aabbcc")) == pytest.approx(
        math.sqrt(3 / 2 * float(sums @ sums)) / 6
    )
    assert clustered["low"] < found["value"] < clustered["high"]


def test_macro_mean_weighs_parts_alike_and_is_bootstrapped() -> None:
    scores, parts = [1.0] * 90 + [0.0] * 30 + [1.0] * 3 + [0.0] * 27, ["large"] * 120 + ["small"] * 30
    design = Design(aggregate="macro_mean", parts=parts)
    found = estimate.score(scores, design, "published")
    assert found["score_percent"] == pytest.approx(100 * (0.75 + 0.1) / 2) and found["interval"] == "bootstrap"
    error = math.sqrt(0.75 * 0.25 / 120 + 0.1 * 0.9 / 30) / 2
    assert (found["high"] - found["low"]) / 100 == pytest.approx(2 * 1.96 * error, rel=0.12)
    assert estimate.score(scores, design, "published") == found  # the seed is fixed
    better = [min(1.0, value + (number % 3 == 0)) for number, value in enumerate(scores)]
    gain = estimate.difference(scores, better, design, design, "published")
    assert 0 < gain["low"] < gain["value"] < gain["high"] and gain["lost"] == 0
    assert 0 < estimate.detectable([(scores, design), (better, design)], "published") < 20


def test_average_precision_is_pooled_and_paired() -> None:
    before, after = pictures(1), pictures(1)
    after = [type(one)(found=tuple((t[0], t[1], 0.95) for t in one.truth), truth=one.truth) for one in after]
    scores = [0.5] * len(before)
    old = Design(aggregate="average_precision", pictures={"published": before, "strict": before})
    new = Design(aggregate="average_precision", pictures={"published": after, "strict": after})
    found = estimate.score(scores, old, "published")
    assert found["score_percent"] == round(100 * average_precision(before), 4)
    assert found["low"] < found["score_percent"] < found["high"] and found["interval"] == "bootstrap"
    gain = estimate.difference(scores, scores, old, new, "published")
    assert gain["value"] == pytest.approx(100 - found["score_percent"], abs=1e-3) and gain["low"] > 0
    again = old.at(range(len(before)))
    assert estimate.score(scores, again, "published") == found


def test_average_precision_by_parts_has_an_interval_of_its_own() -> None:
    some = pictures(1)
    parts = ["attribute/color", "attribute/material", "negation", "position"] * 10
    boxes = {"published": some, "strict": some}
    design = Design(aggregate="grouped_average_precision", parts=parts, pictures=boxes)
    found = estimate.score([0.5] * len(some), design, "published")
    assert found["score_percent"] == round(100 * grouped_average_precision(some, parts), 4)
    assert found["low"] < found["score_percent"] < found["high"] and found["interval"] == "bootstrap"
    twice = Design(
        aggregate="grouped_average_precision",
        samples=2,
        parts=[part for part in parts for _ in range(2)],
        pictures={"published": [one for one in some for _ in range(2)]},
    )
    assert estimate.score([0.5] * 80, twice, "published")["score_percent"] == found["score_percent"]
    same = estimate.difference([0.5] * 40, [0.5] * 40, design, design, "published")
    assert same["value"] == 0.0 and same["low"] <= 0 <= same["high"]


def test_samples_give_pass_at_k_and_their_spread() -> None:
    design = Design(samples=4)
    scores = [1.0, 0.0, 0.0, 0.0, 1.0, 1.0, None, 0.0, 0.0, 0.0, 0.0, 0.0]
    found = estimate.score(scores, design, "published")
    assert found["score_percent"] == 25.0 and found["unparsed_percent"] == round(100 / 12, 4)
    assert found["pass_at"]["1"]["score_percent"] == 25.0
    assert found["pass_at"]["2"]["score_percent"] == pytest.approx(100 * (0.5 + 5 / 6) / 3, abs=1e-3)
    assert found["pass_at"]["4"]["score_percent"] == pytest.approx(200 / 3, abs=1e-3)
    assert found["sample_sd_points"] == pytest.approx(100 * np.std([2 / 3, 1 / 3, 0, 0], ddof=1), abs=1e-3)


def test_pass_at_k_is_the_chance_of_drawing_a_right_sample() -> None:
    for n, right, k in ((5, 2, 3), (10, 1, 10), (8, 0, 4), (8, 8, 1), (200, 3, 50)):
        assert pass_at_k(n, right, k) == pytest.approx(1 - math.comb(n - right, k) / math.comb(n, k))
    assert [ladder(1), ladder(4), ladder(6)] == [[1], [1, 2, 4], [1, 2, 4, 6]]
    for n, right, k in ((4, 1, 5), (4, 5, 1), (4, 1, 0)):
        with pytest.raises(RlvrError, match="impossible"):
            pass_at_k(n, right, k)


def test_recall_at_thresholds() -> None:
    found = estimate.score([0.2, 0.5, None, 0.9], Design(recall_at=(0.3, 0.5, 0.7)), "published")
    assert {level: one["score_percent"] for level, one in found["recall"].items()} == {"0.3": 50, "0.5": 50, "0.7": 25}
    assert found["score_percent"] == pytest.approx(40)


def test_bootstrap_of_a_mean_agrees_with_its_standard_error() -> None:
    scores = np.random.default_rng(0).random(300)
    low, high, spread = bootstrap.interval(
        lambda weights: float(weights @ scores / weights.sum()), bootstrap.draws(len(scores))
    )
    error = scores.std(ddof=1) / math.sqrt(300)
    assert spread == pytest.approx(error, rel=0.08) and (high - low) == pytest.approx(3.92 * error, rel=0.08)
    clusters = [str(number // 10) for number in range(300)]
    drawn = next(bootstrap.draws(300, clusters=clusters))
    assert all(len(set(drawn[start : start + 10])) == 1 for start in range(0, 300, 10)) and drawn.sum() == 300
