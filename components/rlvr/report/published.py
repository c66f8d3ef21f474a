"""Setting a score beside a published number, and saying when the two cannot be compared.

Against a published number there are no rows to pair, so the only question is whether it lies in our interval. The
answer is `consistent`, `above` or `below` (ours against theirs), or `not comparable` with the reasons.
"""

import re
from typing import Any

from rlvr.report.inputs import Evaluation
from rlvr.report.text import count, counted
from rlvr.scoring import intervals


def compare(
    benchmark: dict[str, Any],
    metrics: dict[str, Any],
    roles: dict[str, Evaluation],
    method: dict[str, Any],
    changes: list[dict[str, Any]],
) -> list[dict[str, Any]]:
    """One entry for each published number of a benchmark."""
    entries = []
    for published in benchmark["published"]:
        reasons = _reasons(published, benchmark, metrics["n"], roles, method, changes)
        ours = measured(metrics.get(published["role"]), published)
        entries.append(
            {
                **{key: published[key] for key in ("model", "role", "score_percent", "rows", "source")},
                "recall_at": published.get("recall_at"),
                "here": ours,
                "low": None,
                "high": None,
                "verdict": "not comparable" if reasons or ours is None else position(ours, published),
                "reasons": reasons,
                "same_model": not _other_size(published["model"], method["backbone"]["hub_id"]),
            }
        )
        if (n := published["rows"]) and 0 <= published["score_percent"] <= 100:
            low, high = intervals.wilson(published["score_percent"] / 100 * n, n)
            entries[-1] |= {"low": round(100 * low, 4), "high": round(100 * high, 4)}
    return entries


def differences(published: dict[str, Any], n: int) -> list[str]:
    """Why a published number is not of the same rows scored the same way as `n` rows here."""
    reasons = []
    if published["rows"] is not None and published["rows"] != n:
        reasons.append(f"{counted(n, 'row')} here, {count(published['rows'])} there")
    if published.get("split"):
        reasons.append(f"scored there: {published['split']}")
    if published["judged"]:
        reasons.append("a language model judged the published answers")
    return reasons


def fine_tuned(entries: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Benchmark -> its published scores of supervised fine-tuning; empty when there is none anywhere."""
    found = {
        entry["name"]: [
            number
            for number in entry["published"]
            if number["role"] == "sft" and number["same_model"] and number["recall_at"] is None
        ]
        for entry in entries
    }
    return found if any(found.values()) else {}


def measured(ours: dict[str, Any] | None, published: dict[str, Any]) -> dict[str, Any] | None:
    """Our number that a published one is set beside: the score, or R@overlap; None where it was not measured."""
    level = published.get("recall_at")
    if ours is None or level is None:
        return ours
    found: dict[str, Any] | None = ours.get("recall", {}).get(f"{level:g}")
    return found


def position(ours: dict[str, Any], published: dict[str, Any]) -> str:
    """Where our interval lies against a published number."""
    if ours["low"] > published["score_percent"]:
        return "above"
    return "below" if ours["high"] < published["score_percent"] else "consistent"


def is_tiny(method: dict[str, Any]) -> bool:
    """Whether a tiny offline model stood in for the method's backbone."""
    return bool(method["backbone"]["location"] == "tiny")


def is_synthetic(location: str) -> bool:
    """Whether rows of that location were drawn offline."""
    return location.split(":", 1)[0] == "synthetic"


def _reasons(
    published: dict[str, Any],
    benchmark: dict[str, Any],
    n: int,
    roles: dict[str, Evaluation],
    method: dict[str, Any],
    changes: list[dict[str, Any]],
) -> list[str]:
    reasons = []
    role = published["role"]
    if role not in roles:
        reasons.append(f"no {role} model was evaluated")
    if is_tiny(method):
        reasons.append("a tiny model stands in for the published one")
    elif _other_size(published["model"], method["backbone"]["hub_id"]):
        reasons.append(f"another model: this run used {method['backbone']['hub_id']}")
    location = next((evaluation.location for evaluation in roles.values()), "") or benchmark["source"]["location"]
    if is_synthetic(location):
        reasons.append("synthetic rows stand in for the published ones")
    limit = benchmark["source"].get("limit")
    if limit is not None and published["rows"] is None:
        reasons.append(f"the first {counted(limit, 'row')} here, an unknown number there")
    reasons += differences(published, n)
    if changed := _settings(benchmark.get("name", ""), changes):
        reasons.append(f"evaluated with other settings ({', '.join(changed)})")
    if role == "tuned" and (scaled := [change["field"] for change in changes if _is_training(change["field"])]):
        reasons.append(f"training was scaled down ({len(scaled)} settings)")
    return reasons


def _settings(name: str, changes: list[dict[str, Any]]) -> list[str]:
    """Settings of this benchmark that were changed, rows and printed numbers aside."""
    start = f"benchmarks.{name}."
    fields = [change["field"].removeprefix(start) for change in changes if change["field"].startswith(start)]
    return sorted(field for field in fields if not field.startswith(("source.", "published.")))


def _is_training(field: str) -> bool:
    return field.split(".", 1)[0].split("[", 1)[0] in ("stages", "tasks")


def _other_size(published: str, hub_id: str) -> bool:
    """Whether both names state a parameter count and the counts differ."""
    sizes = [re.findall(r"(?<![\d.])(\d+(?:\.\d+)?)\s?[bB](?![a-zA-Z])", name) for name in (published, hub_id)]
    return bool(sizes[0] and sizes[1] and float(sizes[0][0]) != float(sizes[1][0]))
