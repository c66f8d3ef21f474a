"""One number from a file of replies, with its interval, and the paired difference of two such numbers.

    score([1.0, None, 0.0, 1.0], PLAIN, "published")  ->  {"score_percent": 50.0, "low": 15.0, "high": 85.0, ...}

Which interval is right depends on the design: Wilson's for right and wrong, Student's t for graded scores, a clustered
one where rows share a problem, the bootstrap for average precision and macro means. A reply from which no answer could
be read scores 0. Everything is in per cent; differences are in percentage points.
"""

from collections.abc import Sequence
from statistics import mean, stdev
from typing import Any

import numpy as np

from rlvr.scoring import bootstrap, intervals
from rlvr.scoring.average_precision import Ranking, average_precision
from rlvr.scoring.design import OF_BOXES, Design
from rlvr.scoring.grouped_precision import GroupedRanking, grouped_average_precision
from rlvr.scoring.pass_at_k import ladder, pass_at_k

DIGITS = 4
"""Decimals kept, one more than any publication prints."""

PICTURE_DRAWS = 300
"""Draws of a bootstrap of average precision, each of which ranks all boxes again."""

Scores = Sequence[float | None]
"""One score a reply, None where no answer could be read."""


def score(scores: Scores, design: Design, rule: str) -> dict[str, Any]:
    """Score with its 95 % interval and the interval's kind, share of unread replies, and what the design adds."""
    rows = _rows(scores, design)
    value, low, high, kind = _value(rows, design, rule)
    found: dict[str, Any] = {  # percentiles of a bootstrap may lie to one side of the number itself
        "score_percent": percent(value),
        "low": percent(min(low, value)),
        "high": percent(max(high, value)),
        "interval": kind,
        "unparsed_percent": percent(sum(one is None for one in scores) / len(scores)),
    }
    if design.recall_at:
        numbers = [one or 0.0 for one in scores]
        found["recall"] = {
            f"{level:g}": _plain(_rows([float(one >= level) for one in numbers], design), design)
            for level in design.recall_at
        }
    if design.samples > 1:
        found |= _of_samples(scores, design, rule)
    return found


def difference(before: Scores, after: Scores, design: Design, other: Design, rule: str) -> dict[str, Any]:
    """`value`, `low` and `high` of after - before on the same rows in the same order; gained and lost rows.

    `design` is that of `before`, `other` that of `after`.
    """
    old, new = _rows(before, design), _rows(after, other)
    if design.aggregate == "mean":
        value = float(np.mean(new) - np.mean(old))
        clusters = row_clusters(design)
        if clusters is None:
            low, high = intervals.difference_interval(old, new)
        else:
            low, high = intervals.clustered_difference(old, new, clusters)
    else:
        value = _value(new, other, rule, bare=True)[0] - _value(old, design, rule, bare=True)[0]
        low, high, spread = _resampled_difference(old, new, design, other, rule)
        if not spread:
            low, high = intervals.tango(max(0.0, value) * len(old), max(0.0, -value) * len(old), len(old))
    return {
        "value": percent(value),
        "low": percent(min(low, value)),
        "high": percent(max(high, value)),
        "gained": sum(b > a for a, b in zip(old, new, strict=True)),
        "lost": sum(b < a for a, b in zip(old, new, strict=True)),
    }


def detectable(pairs: Sequence[tuple[Scores, Design]], rule: str) -> float:
    """Difference in points that a paired comparison of these rows shows with 80 % power.

    `pairs` are one or two models' scores with their designs. With one, outcomes are taken to correlate by one half.
    """
    rows = [_rows(scores, design) for scores, design in pairs]
    design = pairs[0][1]
    clusters, n = row_clusters(design), len(rows[0])
    change = [new - old for old, new in zip(rows[0], rows[-1], strict=True)] if len(rows) == 2 else rows[0]
    if design.aggregate != "mean":
        error = (
            _resampled_difference(rows[0], rows[1], design, pairs[1][1], rule)[2]
            if len(rows) == 2
            else bootstrap.interval(_statistic(rows[0], design, rule), _draws(n, design))[2]
        )
        return percent(intervals.detectable(1, spread=error)) if error else percent(intervals.detectable(n))
    if clusters is not None and (error := intervals.clustered_error(change, clusters)):
        return percent(intervals.detectable(1, spread=error))
    graded = any(value not in (0.0, 1.0) for numbers in rows for value in numbers)
    spread = stdev(change) if len(rows) == 2 and graded and len(set(change)) > 1 else None
    return percent(intervals.detectable(n, spread=spread))


def row_clusters(design: Design) -> list[str] | None:
    """The cluster of each row; None where rows are independent or each is its own cluster."""
    if design.clusters is None:
        return None
    clusters = list(design.clusters[:: design.samples])
    return clusters if len(set(clusters)) < len(clusters) else None


def percent(share: float) -> float:
    """A share in per cent, rounded; never minus zero."""
    return round(100 * share, DIGITS) + 0.0


def _rows(scores: Scores, design: Design) -> list[float]:
    """Each row's mean over its samples."""
    numbers = np.array([one or 0.0 for one in scores], dtype=np.float64).reshape(-1, design.samples)
    return [float(value) for value in (numbers[:, 0] if design.samples == 1 else numbers.mean(axis=1))]


def _value(rows: list[float], design: Design, rule: str, *, bare: bool = False) -> tuple[float, float, float, str]:
    """The number, its interval in [0, 1] and the interval's kind; `bare` leaves the interval's work out."""
    if design.aggregate == "mean":
        found = _plain(rows, design)
        return float(np.mean(rows)), found["low"] / 100, found["high"] / 100, found["interval"]
    statistic = _statistic(rows, design, rule)
    value = statistic(np.ones(len(rows)))
    if design.aggregate == "average_precision":
        value = mean(average_precision(pictures) for pictures in _by_sample(design, rule))
    if design.aggregate == "grouped_average_precision":
        parts = _row_parts(design)
        value = mean(grouped_average_precision(pictures, parts) for pictures in _by_sample(design, rule))
    if bare:
        return value, value, value, "none"
    low, high, spread = bootstrap.interval(statistic, _draws(len(rows), design))
    if not spread:
        return value, *intervals.wilson(value * len(rows), len(rows)), "wilson"
    return value, low, high, "bootstrap"


def _plain(rows: list[float], design: Design) -> dict[str, Any]:
    """Mean and interval of rows, clustered where they share something."""
    clusters = row_clusters(design)
    if clusters is not None:
        kind, (low, high) = "clustered t", intervals.clustered_interval(rows, clusters)
    else:
        graded = any(value not in (0.0, 1.0) for value in rows) and len(set(rows)) > 1
        kind, (low, high) = "t" if graded else "wilson", intervals.mean_interval(rows)
    return {
        "score_percent": percent(float(np.mean(rows))),
        "low": percent(low),
        "high": percent(high),
        "interval": kind,
    }


def _of_samples(scores: Scores, design: Design, rule: str) -> dict[str, Any]:
    """Spread over samples, and pass@k where scores are right or wrong."""
    k, numbers = design.samples, [one or 0.0 for one in scores]
    single = [_value(numbers[sample::k], _sample_design(design, sample), rule, bare=True)[0] for sample in range(k)]
    found: dict[str, Any] = {"sample_sd_points": round(100 * stdev(single), DIGITS)}
    if design.aggregate == "mean" and all(value in (0.0, 1.0) for value in numbers):
        right = [int(sum(numbers[start : start + k])) for start in range(0, len(numbers), k)]
        found["pass_at"] = {
            str(level): _plain([pass_at_k(k, count, level) for count in right], design) for level in ladder(k)
        }
    return found


def _sample_design(design: Design, sample: int) -> Design:
    """The design of one sample of every row."""
    k, replies = design.samples, len(next(iter(design.pictures.values()), design.parts or ()))
    taken = design.at(range(sample, replies, k)) if replies else design
    return Design(aggregate=design.aggregate, parts=taken.parts, pictures=taken.pictures)


def _by_sample(design: Design, rule: str) -> list[Any]:
    pictures = design.pictures[rule]
    return [pictures[sample :: design.samples] for sample in range(design.samples)]


def _statistic(rows: list[float], design: Design, rule: str) -> bootstrap.Statistic:
    """The number as a function of how often each row counts."""
    if design.aggregate == "macro_mean":
        return bootstrap.macro_mean(rows, _row_parts(design))
    rankings: list[bootstrap.Statistic] = [
        Ranking(pictures) if design.parts is None else GroupedRanking(pictures, _row_parts(design))
        for pictures in _by_sample(design, rule)
    ]
    return lambda weights: mean(ranking(weights) for ranking in rankings)


def _row_parts(design: Design) -> list[str]:
    assert design.parts is not None
    return list(design.parts[:: design.samples])


def _draws(rows: int, design: Design) -> Any:
    parts = None if design.parts is None else _row_parts(design)
    times = PICTURE_DRAWS if design.aggregate in OF_BOXES else bootstrap.TIMES
    return bootstrap.draws(rows, clusters=row_clusters(design), parts=parts, times=times)


def _resampled_difference(
    old: list[float], new: list[float], design: Design, other: Design, rule: str
) -> tuple[float, float, float]:
    before, after = _statistic(old, design, rule), _statistic(new, other, rule)
    return bootstrap.interval(lambda weights: after(weights) - before(weights), _draws(len(old), design))
