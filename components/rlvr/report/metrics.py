"""The numbers of a report: scores with intervals and paired differences, as metrics.json holds them.

    {"name": "superclevr_200", "n": 200, "base": {"score_percent": 48.0, "low": 41.2, "high": 54.9, ...}, "tuned": ...,
     "difference": {"value": 34.5, "low": 27.2, "high": 41.8}, "gained": 74, "lost": 5, "strict": {...}}

All values are in per cent (differences in percentage points) by the benchmark's published rule; `strict` repeats them
by the strict rule. A reply from which no answer could be read scores 0 and counts as unparsed.
"""

import json
from statistics import stdev
from typing import Any

from rlvr.errors import RlvrError
from rlvr.report.inputs import Evaluation
from rlvr.scoring import intervals

DIGITS = 4
"""Decimals kept, one more than any publication prints."""

Scores = list[float | None]


def benchmark_metrics(name: str, roles: dict[str, Evaluation]) -> dict[str, Any]:
    """Everything that is measured on one benchmark."""
    pairs = _paired(name, roles)
    n = len(next(iter(roles.values())).row_ids)
    return {
        "name": name,
        "n": n,
        **_rule("published", pairs),
        "strict": _rule("strict", pairs),
        "detectable_points": _percent(intervals.detectable(n, spread=_spread(pairs))),
    }


def verdict_word(difference: dict[str, Any] | None) -> str:
    """What a paired difference shows."""
    if difference is None:
        return "nothing compared"
    if difference["low"] > 0:
        return "gain shown"
    return "loss shown" if difference["high"] < 0 else "no gain shown"


def to_text(metrics: dict[str, Any]) -> str:
    """The bytes of metrics.json: the same for equal metrics."""
    return json.dumps(metrics, indent=2, sort_keys=True, ensure_ascii=True, allow_nan=False) + "\n"


def _paired(name: str, roles: dict[str, Evaluation]) -> dict[str, dict[str, Scores]]:
    """Role -> rule -> scores, the tuned model's in the order of the base model's rows."""
    ordered = {role: evaluation.scores for role, evaluation in roles.items()}
    if len(roles) < 2:
        return ordered
    base, tuned = roles["base"], roles["tuned"]
    position = {key: index for index, key in enumerate(tuned.keys)}
    if alone := sorted(set(base.keys) ^ set(position)):
        raise RlvrError(
            f"Benchmark {name}: base and tuned model answered different rows ({len(alone)} stand on one side only, the"
            f" first is {alone[0][0]}); evaluate both on the same test rows."
        )
    order = [position[key] for key in base.keys]
    ordered["tuned"] = {rule: [scores[index] for index in order] for rule, scores in tuned.scores.items()}
    return ordered


def _rule(rule: str, pairs: dict[str, dict[str, Scores]]) -> dict[str, Any]:
    entry: dict[str, Any] = {role: _score(pairs[role][rule]) if role in pairs else None for role in ("base", "tuned")}
    entry |= {"difference": None, "gained": None, "lost": None}
    if len(pairs) == 2:
        before, after = (_numbers(pairs[role][rule]) for role in ("base", "tuned"))
        low, high = intervals.difference_interval(before, after)
        value = sum(after) / len(after) - sum(before) / len(before)
        entry["difference"] = {"value": _percent(value), "low": _percent(low), "high": _percent(high)}
        entry["gained"] = sum(new > old for old, new in zip(before, after, strict=True))
        entry["lost"] = sum(new < old for old, new in zip(before, after, strict=True))
    return entry


def _spread(pairs: dict[str, dict[str, Scores]]) -> float | None:
    """Standard deviation of the rows' differences where scores are graded; None for right and wrong."""
    values = [_numbers(rules["published"]) for rules in pairs.values()]
    if len(values) < 2 or all(value in (0.0, 1.0) for numbers in values for value in numbers):
        return None
    differences = [new - old for old, new in zip(*values, strict=True)]
    return stdev(differences) if len(set(differences)) > 1 else None


def _score(scores: Scores) -> dict[str, float]:
    numbers = _numbers(scores)
    low, high = intervals.mean_interval(numbers)
    return {
        "score_percent": _percent(sum(numbers) / len(numbers)),
        "low": _percent(low),
        "high": _percent(high),
        "unparsed_percent": _percent(sum(score is None for score in scores) / len(scores)),
    }


def _numbers(scores: Scores) -> list[float]:
    return [score or 0.0 for score in scores]


def _percent(share: float) -> float:
    return round(100 * share, DIGITS) + 0.0  # adding zero turns -0.0 into 0.0
