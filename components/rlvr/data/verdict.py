"""The verdict: which checks were made, what they found, and whether the data may be trained on."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from rlvr.data.checks import Finding

LEAK = {
    "name": "in_benchmark",
    "title": "No row is part of a benchmark",
    "severity": "critical",
    "why": "a model trained on a benchmark's own picture and question is not measured by it",
}
"""The check that needs both sides; those on one side are in the suites."""

SHARED_PICTURE = {
    "name": "picture_in_benchmark",
    "title": "No row shows a picture of a benchmark with another question",
    "severity": "warning",
    "why": "sets that annotate the same photographs share pictures; a model may know them without knowing the answers",
}
"""The weaker check of the same kind."""


def told(finding: Finding, about: str) -> dict[str, Any]:
    """A finding as the verdict lists it; `about` says what its ids are: rows, test rows, sets or sources."""
    check = finding.check
    return {
        "name": check.name,
        "title": check.title,
        "severity": check.severity,
        "failed": len(finding.positions),
        "row_ids": list(finding.row_ids),
        "why": check.why,
        "about": about,
        "judged": finding.judged,
        "column": check.column,
        "expectation": check.expectation,
        "arguments": check.arguments,
    }


def told_shared(check: Mapping[str, Any], row_ids: Sequence[str], judged: int) -> dict[str, Any]:
    """`LEAK` or `SHARED_PICTURE` with the rows found, in the same form."""
    found = {"failed": len(row_ids), "row_ids": list(row_ids), "about": "rows", "judged": judged}
    return {**check, **found, "column": None, "expectation": None, "arguments": {}}


def problem(
    ids: Sequence[str],
    reasons: Mapping[int, Sequence[str]],
    allowed: float,
    sets_and_sources: Sequence[Finding],
) -> str | None:
    """Why the gate fails, or None: too many rows in quarantine, or a critical failure of a set or a source."""
    if not ids:
        return "The verify gate was given no rows; check the sources of the ingest stage."
    whole = [
        f"{finding.check.name} fails for {', '.join(finding.row_ids)} ({finding.check.title[:1].lower()}"
        f"{finding.check.title[1:]})"
        for finding in sets_and_sources
        if finding.check.severity == "critical" and finding.row_ids
    ]
    stops = f"The verify gate stops: {'; '.join(whole)}. Mend the source, or its entry in the package." if whole else ""
    fraction = len(reasons) / len(ids)
    if fraction <= allowed and len(reasons) < len(ids):
        return stops or None
    failed: dict[str, list[str]] = defaultdict(list)
    for position in sorted(reasons):
        for name in reasons[position]:
            failed[name].append(ids[position])
    listing = "; ".join(
        f"{name} fails for {len(row_ids)} (first: {', '.join(row_ids[:3])})" for name, row_ids in failed.items()
    )
    return (
        f"The verify gate quarantined {len(reasons)} of {len(ids)} rows ({100 * fraction:.1f} %, allowed: "
        f"{100 * allowed:g} %): {listing}. quarantine.parquet and verdict.json in the verdict artifact hold the rows "
        f"and the reasons; mend the source or its conversion, or raise the allowed fraction if the rows may be lost."
        f"{' ' if stops else ''}{stops}"
    )
