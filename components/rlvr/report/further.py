"""What a benchmark's numbers hold beyond one score a model: how rows became a number, recall at thresholds, pass@k."""

from collections.abc import Mapping
from typing import Any

AGGREGATES = {
    "macro_mean": "mean over the parts' means",
    "average_precision": "COCO average precision over all pictures",
    "grouped_average_precision": "mean over groups of parts of the parts' COCO average precisions",
}


def design(entry: Mapping[str, Any]) -> list[str]:
    """Phrases about what is unlike a plain mean over independent rows with one reply each."""
    said = [AGGREGATES[entry["aggregate"]]] if entry.get("aggregate") in AGGREGATES else []
    if (samples := entry.get("samples") or 1) > 1:
        spread = [
            f"{entry[role]['sample_sd_points']:.1f} ({role})"
            for role in ("base", "tuned")
            if entry[role] and "sample_sd_points" in entry[role]
        ]
        said.append(
            f"{samples} samples a row" + (f", standard deviation over them {', '.join(spread)}" if spread else "")
        )
    if clusters := entry.get("clusters"):
        said.append(f"rows in {clusters:,} clusters that share a problem or a video")
    return said


def further(entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Rows of the table for R@threshold and pass@k by the published rule: name, base and tuned."""
    rows = []
    for key, title in (("recall", "R@{}"), ("pass_at", "pass@{}")):
        found = {role: (entry[role] or {}).get(key) or {} for role in ("base", "tuned")}
        for level in sorted({*found["base"], *found["tuned"]}, key=float):
            rows.append({"name": title.format(level), **{role: found[role].get(level) for role in found}})
    return rows
