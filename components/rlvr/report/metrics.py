"""The numbers of a report: scores with intervals and paired differences, as metrics.json holds them.

    {"name": "superclevr_200", "n": 200, "base": {"score_percent": 48.0, "low": 41.2, "high": 54.9, ...}, "tuned": ...,
     "difference": {"value": 34.5, "low": 27.2, "high": 41.8}, "gained": 74, "lost": 5, "strict": {...}}

All values are in per cent (differences in percentage points) by the benchmark's published rule; `strict` repeats them
by the strict rule. A reply from which no answer could be read scores 0 and counts as unparsed. `aggregate` says how the
rows became one number, `samples` how many replies a row has, `clusters` how many independent groups of rows there are
(None where rows are independent).
"""

import json
from typing import Any

from rlvr.errors import RlvrError
from rlvr.report.inputs import Evaluation
from rlvr.scoring import estimate
from rlvr.scoring.design import Design
from rlvr.scoring.estimate import Scores

Side = tuple[dict[str, Scores], Design]
"""One model's scores by rule, and how they are arranged."""


def benchmark_metrics(name: str, roles: dict[str, Evaluation]) -> dict[str, Any]:
    """Everything that is measured on one benchmark."""
    sides = _paired(name, roles)
    design = next(iter(sides.values()))[1]
    clusters = estimate.row_clusters(design)
    rows = len(next(iter(roles.values())).row_ids) // design.samples
    return {
        "name": name,
        "n": rows,
        "aggregate": design.aggregate,
        "samples": design.samples,
        "clusters": None if clusters is None else len(set(clusters)),
        **_rule("published", sides),
        "strict": _rule("strict", sides),
        "detectable_points": estimate.detectable(
            [(scores["published"], each) for scores, each in sides.values()], "published"
        ),
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


def _paired(name: str, roles: dict[str, Evaluation]) -> dict[str, Side]:
    """Role -> scores by rule with their design, the tuned model's in the order of the base model's rows."""
    sides: dict[str, Side] = {role: (dict(one.scores), one.design) for role, one in roles.items()}
    if len(roles) < 2:
        return sides
    base, tuned = roles["base"], roles["tuned"]
    position = {key: index for index, key in enumerate(tuned.keys)}
    if alone := sorted(set(base.keys) ^ set(position)):
        raise RlvrError(
            f"Benchmark {name}: base and tuned model answered different rows ({len(alone)} stand on one side only, the"
            f" first is {alone[0][0]}); evaluate both on the same test rows."
        )
    if (base.design.aggregate, base.design.samples) != (tuned.design.aggregate, tuned.design.samples):
        raise RlvrError(
            f"Benchmark {name}: base and tuned model were evaluated in different ways ({base.design.samples} and"
            f" {tuned.design.samples} samples a row, {base.design.aggregate} and {tuned.design.aggregate}); evaluate"
            " both alike."
        )
    order = [position[key] for key in base.keys]
    scores: dict[str, Scores] = {rule: [values[index] for index in order] for rule, values in tuned.scores.items()}
    return sides | {"tuned": (scores, tuned.design.at(order))}


def _rule(rule: str, sides: dict[str, Side]) -> dict[str, Any]:
    entry: dict[str, Any] = {"base": None, "tuned": None, "difference": None, "gained": None, "lost": None}
    entry |= {role: estimate.score(scores[rule], design, rule) for role, (scores, design) in sides.items()}
    if len(sides) == 2:
        (before, old), (after, new) = sides["base"], sides["tuned"]
        found = estimate.difference(before[rule], after[rule], old, new, rule)
        entry |= {"gained": found.pop("gained"), "lost": found.pop("lost"), "difference": found}
    return entry
