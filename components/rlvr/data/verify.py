"""The verify gate: rows that fail a critical check, or that a benchmark contains, are quarantined with their reasons.

`out_rows` receives the rows that may be trained on. `out_verdict` receives `verdict.json` (what was checked, why, and
which rows failed), `quarantine.parquet` (those rows with a `reasons` column) and `facts.parquet` (every measurement).
All of it is written before the gate fails, so that a failure can be read.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from rlvr.canonical import load
from rlvr.data import rows as row_files
from rlvr.data.checks import ROW_CHECKS, Finding, judge, judge_sources
from rlvr.data.facts import facts, in_benchmarks
from rlvr.data.ingest import SOURCES_FILE
from rlvr.errors import RlvrError
from rlvr.method import Task

LEAK = {
    "name": "in_benchmark",
    "title": "No row is part of a benchmark",
    "severity": "critical",
    "why": "a model trained on a benchmark's own picture and question is not measured by it",
}
"""The check that needs both sides; the checks on single rows are in `rlvr.data.checks`."""

QUARANTINE_SCHEMA = row_files.SCHEMA.append(pa.field("reasons", pa.list_(pa.string()), nullable=False))
"""A row and the names of the critical checks that it failed."""


def verify(
    *,
    tasks: list[dict[str, Any]],
    rows: Path,
    tests: Path,
    out_rows: Path,
    out_verdict: Path,
    max_quarantined_fraction: float = 0.05,
) -> None:
    """Check `rows` against `tasks` (a list of `plain(Task)`) and `tests`; raise `RlvrError` when the gate fails."""
    train_facts = facts(rows, [load(Task, task) for task in tasks])
    test_facts = facts(tests)
    sources = _sources(rows) + _sources(tests)

    findings = judge(train_facts, ROW_CHECKS)
    # Benchmarks have scorers of their own and are published as they are: reported, never dropped.
    unscored = [check for check in ROW_CHECKS if check.column not in ("gold_score", "wrong_score")]
    about_tests = [
        replace(
            check,
            name=f"test_{check.name}",
            title=f"Test rows: {check.title[:1].lower()}{check.title[1:]}",
            severity="warning",
        )
        for check in unscored
    ]
    test_findings = [*judge(test_facts, about_tests), judge_sources(sources)]

    reasons: dict[int, list[str]] = defaultdict(list)
    for finding in findings:
        for position in finding.positions if finding.check.severity == "critical" else ():
            reasons[position].append(finding.check.name)
    overlap: list[dict[str, Any]] = []
    leaked: set[int] = set()
    for benchmark, positions, shared in in_benchmarks(train_facts, test_facts):
        overlap.append({"benchmark": benchmark, "rows": len(positions), "shared_pictures": shared})
        leaked |= positions
    for position in leaked:
        reasons[position].append(LEAK["name"])

    out_verdict.mkdir(parents=True, exist_ok=True)
    rows_out = row_files.write((row for place, row in _numbered(rows) if place not in reasons), out_rows, batch=64)
    _write_quarantine(rows, reasons, out_verdict / "quarantine.parquet")
    _write_facts(train_facts, test_facts, out_verdict / "facts.parquet")

    ids = train_facts["row_id"].to_pylist()
    leak = LEAK | {"failed": len(leaked), "row_ids": [ids[place] for place in sorted(leaked)]}
    problem = _problem(ids, reasons, max_quarantined_fraction)
    verdict = {
        "passed": problem is None,
        "rows_in": train_facts.num_rows,
        "rows_out": rows_out,
        "test_rows": test_facts.num_rows,
        "checks": [*map(_told, findings), leak, *map(_told, test_findings)],
        "sources": sources,
        "overlap": overlap,
    }
    (out_verdict / "verdict.json").write_text(json.dumps(verdict, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    if problem is not None:
        raise RlvrError(problem)


def _problem(ids: list[str], reasons: dict[int, list[str]], allowed: float) -> str | None:
    """Why the gate fails, or None."""
    if not ids:
        return "The verify gate was given no rows; check the sources of the ingest stage."
    fraction = len(reasons) / len(ids)
    if fraction <= allowed and len(reasons) < len(ids):
        return None
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
    )


def _told(finding: Finding) -> dict[str, Any]:
    check = finding.check
    return {
        "name": check.name,
        "title": check.title,
        "severity": check.severity,
        "failed": len(finding.positions),
        "row_ids": list(finding.row_ids),
        "why": check.why,
    }


def _numbered(folder: Path) -> Iterator[tuple[int, row_files.Row]]:
    return enumerate(row_files.stream(folder, batch=64))


def _sources(folder: Path) -> list[dict[str, Any]]:
    path = folder / SOURCES_FILE
    if not path.is_file():
        raise RlvrError(f"{folder} holds no {SOURCES_FILE}; it is not a data set made by the ingest stage.")
    listing: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return listing


def _write_quarantine(folder: Path, reasons: dict[int, list[str]], path: Path) -> None:
    with pq.ParquetWriter(path, QUARANTINE_SCHEMA, compression="zstd") as writer:
        for position, row in _numbered(folder):
            if position in reasons:
                kept = {**row, "reasons": reasons[position]}
                writer.write_table(pa.Table.from_pylist([kept], schema=QUARANTINE_SCHEMA))


def _write_facts(train: pa.Table, tests: pa.Table, path: Path) -> None:
    parts: Sequence[tuple[str, pa.Table]] = (("train", train), ("test", tests))
    marked = [table.append_column("part", pa.array([part] * table.num_rows, pa.string())) for part, table in parts]
    pq.write_table(pa.concat_tables(marked), path, compression="zstd")
