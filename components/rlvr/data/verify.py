"""The verify gate: rows that fail a critical check, or that a benchmark contains, are quarantined with their reasons.

`out_rows` receives the rows that may be trained on. `out_verdict` receives `verdict.json` (what was checked, why, and
which rows failed), `quarantine.parquet` (those rows with a `reasons` column) and `facts.parquet` (every measurement).
All of it is written before the gate fails, so that a failure can be read.
"""

import json
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from rlvr.canonical import load
from rlvr.checkpoints import Checkpoints
from rlvr.data import rows as row_files
from rlvr.data.checks import judge
from rlvr.data.coco_ids import kept_ids
from rlvr.data.contamination import compare, near_duplicates, told_overlap
from rlvr.data.contamination import told as told_pairs
from rlvr.data.fact_pass import Advance
from rlvr.data.facts import facts, schema_fault
from rlvr.data.ingest import SOURCES_FILE
from rlvr.data.kept_facts import Checkpointed
from rlvr.data.prompt_tokens import PromptLimit
from rlvr.data.relations import with_column
from rlvr.data.rows_by_position import RowsByPosition
from rlvr.data.same_pictures import Pictures
from rlvr.data.set_facts import set_facts
from rlvr.data.source_facts import source_facts
from rlvr.data.suites import suites
from rlvr.data.verdict import LEAK, SHARED_PICTURE, problem, told, told_shared
from rlvr.errors import RlvrError
from rlvr.method import Task
from rlvr.progress import report
from rlvr.scratch import scratch

QUARANTINE_SCHEMA = row_files.SCHEMA.append(pa.field("reasons", pa.list_(pa.string()), nullable=False))
"""A row and the names of the critical checks that it failed."""

QUIET_SECONDS = 10.0
"""Time before the first progress line: small data sets are done by then."""


def verify(
    *,
    tasks: list[dict[str, Any]],
    rows: Path,
    tests: Path,
    out_rows: Path | None,
    out_verdict: Path,
    limits: Sequence[dict[str, Any]] = (),
    suite: dict[str, Any] | None = None,
    max_quarantined_fraction: float = 0.05,
    tokenizer: str = "",
    processes: int | None = None,
    kept: Path | None = None,
    checkpoints: Checkpoints | None = None,
    advance: Advance | None = None,
) -> dict[str, Any]:
    """Check `rows` against `tasks` (a list of `plain(Task)`) and `tests`; raise `RlvrError` when the gate fails.

    `limits` are those of the tasks' prompts (`plain(PromptLimit)`), `suite` changes the package's checks (see
    `rlvr.data.suites`), `tokenizer` is a `tokenizer.json`. Without `out_rows` no rows are written. Facts are kept in
    the folder `kept`, or in `checkpoints`, so that an interrupted run goes on. Returns the verdict.
    """
    checks = suites(suite)
    sources, test_sources = _sources(rows), _sources(tests)
    with ExitStack() as stack:
        saved = None
        if kept is None and checkpoints is not None:
            kept = stack.enter_context(scratch())
            saved = Checkpointed(kept, checkpoints)
        hear = _heard(saved, advance or _report(time.monotonic()))
        train_facts = facts(
            rows,
            [load(Task, task) for task in tasks],
            limits=[load(PromptLimit, limit) for limit in limits],
            tokenizer=Path(tokenizer) if tokenizer else None,
            licences=_licences(sources),
            kept=kept / "train" if kept else None,
            processes=processes,
            advance=hear,
        )
        test_facts = facts(
            tests,
            licences=_licences(test_sources),
            kept=kept / "test" if kept else None,
            processes=processes,
            advance=hear,
        )

    pictures = pictures_of({"train": rows, "test": tests})
    repeated = near_duplicates(train_facts, pictures)
    train_facts = _with_near_copies(train_facts, {pair.position for pair in repeated.pairs})
    findings = judge(train_facts, checks["rows"])
    # Benchmarks have scorers of their own and are published as they are: reported, never dropped.
    about_tests = [
        replace(
            check,
            name=f"test_{check.name}",
            title=f"Test rows: {check.title[:1].lower()}{check.title[1:]}",
            severity="info" if check.severity == "info" else "warning",
        )
        for check in checks["rows"]
        if check.column not in ("gold_score", "wrong_score")
    ]
    test_findings = judge(test_facts, about_tests)
    sets = set_facts(train_facts, schema_fault(rows))
    set_findings = judge(sets, checks["sets"])
    source_findings = judge(source_facts([*sources, *test_sources]), checks["sources"])

    reasons: dict[int, list[str]] = defaultdict(list)
    for finding in findings:
        for position in finding.positions if finding.check.severity == "critical" else ():
            reasons[position].append(finding.check.name)
    overlaps = compare(train_facts, test_facts, pictures, train_ids=kept_ids(rows), test_ids=kept_ids(tests))
    leaked = sorted({position for overlap in overlaps for position in overlap.leaked})
    shown = sorted({position for overlap in overlaps for position in overlap.image_overlap} - {*leaked})
    for position in leaked:
        reasons[position].append(LEAK["name"])

    out_verdict.mkdir(parents=True, exist_ok=True)
    rows_out = train_facts.num_rows - len(reasons)
    if out_rows is not None:
        stream = enumerate(row_files.stream(rows))
        row_files.write((row for place, row in stream if place not in reasons), out_rows)
    _write_quarantine(rows, reasons, out_verdict / "quarantine.parquet")
    _write_facts(train_facts, test_facts, out_verdict / "facts.parquet")

    ids = train_facts["row_id"].to_pylist()
    why = problem(ids, reasons, max_quarantined_fraction, [*set_findings, *source_findings])
    verdict = {
        "passed": why is None,
        "problem": why,
        "rows_in": train_facts.num_rows,
        "rows_out": rows_out,
        "test_rows": test_facts.num_rows,
        "checks": [
            *(told(finding, "rows") for finding in findings),
            told_shared(LEAK, [ids[place] for place in leaked], len(ids) if test_facts.num_rows else 0),
            told_shared(SHARED_PICTURE, [ids[place] for place in shown], len(ids) if test_facts.num_rows else 0),
            *(told(finding, "sets") for finding in set_findings),
            *(told(finding, "sources") for finding in source_findings),
            *(told(finding, "test rows") for finding in test_findings),
        ],
        "sets": sets.drop_columns(["position"]).to_pylist(),
        "sources": [*sources, *test_sources],
        "overlap": [told_overlap(overlap) for overlap in overlaps],
        "near_duplicates": {
            "rows": len(repeated.pairs),
            "complete_to_bits": repeated.complete_to_bits,
            "pairs": told_pairs(repeated.pairs),
        },
    }
    (out_verdict / "verdict.json").write_text(json.dumps(verdict, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    if why is not None:
        raise RlvrError(why)
    return verdict


def _heard(saved: Checkpointed | None, advance: Advance) -> Advance:
    """`advance`, and a checkpoint of the facts when it is time."""

    def hear(done: int, groups: int) -> None:
        if saved is not None:
            saved.save_when_due()
        advance(done, groups)

    return hear


def _report(start: float) -> Advance:
    """Progress lines for whoever watches the stage."""

    def advance(done: int, groups: int) -> None:
        if time.monotonic() - start > QUIET_SECONDS and done < groups:
            report("verify", done, groups)

    return advance


def pictures_of(folders: dict[str, Path]) -> Pictures:
    """Encoded pictures by part, position and index."""
    opened = {part: RowsByPosition(folder) for part, folder in folders.items()}
    return lambda part, position, index: opened[part][position]["images"][index]


def _with_near_copies(facts: pa.Table, positions: set[int]) -> pa.Table:
    """The table with `near_copy`, null for rows without pictures."""
    pictures = facts["pictures"].to_pylist()
    values = [place in positions if number else None for place, number in enumerate(pictures)]
    return with_column(facts, "near_copy", pa.array(values, pa.bool_()))


def _licences(sources: Sequence[dict[str, Any]]) -> dict[tuple[str, str], str]:
    return {(source["task"], source["name"]): source["licence"] for source in sources}


def _sources(folder: Path) -> list[dict[str, Any]]:
    path = folder / SOURCES_FILE
    if not path.is_file():
        raise RlvrError(f"{folder} holds no {SOURCES_FILE}; it is not a data set made by the ingest stage.")
    listing: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return listing


def _write_quarantine(folder: Path, reasons: dict[int, list[str]], path: Path) -> None:
    with pq.ParquetWriter(path, QUARANTINE_SCHEMA, compression="zstd") as writer:
        for position, row in RowsByPosition(folder).these(sorted(reasons)):
            kept = {**row, "reasons": reasons[position]}
            writer.write_table(pa.Table.from_pylist([kept], schema=QUARANTINE_SCHEMA))


def _write_facts(train: pa.Table, tests: pa.Table, path: Path) -> None:
    parts: Sequence[tuple[str, pa.Table]] = (("train", train), ("test", tests))
    marked = [table.append_column("part", pa.array([part] * table.num_rows, pa.string())) for part, table in parts]
    pq.write_table(pa.concat_tables(marked), path, compression="zstd")
