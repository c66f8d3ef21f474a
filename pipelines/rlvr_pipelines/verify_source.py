"""`rlvr verify`: the gate between data and training on one source alone, with everything it found left in a folder.

out/verdict.json         every check, with the ids of failing rows
out/facts.parquet        every measurement of every row
out/quarantine.parquet   the rows that a run would not train on, and why
out/verification.html    all of it as a page
out/data/, out/against/  the rows in the canonical schema
out/kept/                facts that make an interrupted verification go on
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rlvr.canonical import plain
from rlvr.data.fact_pass import Advance
from rlvr.data.ingest import SOURCES_FILE, ingest
from rlvr.data.rows import write
from rlvr.data.source import Source
from rlvr.data.suites import read_suite
from rlvr.report.verification_stage import verify
from rlvr_pipelines.sources import KnownSource, find_source


def verify_source(
    name: str,
    *,
    out: Path,
    location: str = "",
    limit: int | None = None,
    against: Sequence[str] = (),
    suite: Path | None = None,
    tokenizer: Path | None = None,
    allowed_fraction: float = 0.0,
    processes: int | None = None,
    advance: Advance | None = None,
) -> dict[str, Any]:
    """Verify the source `name`, read from `location` (its own by default); the verdict, whether or not it passed.

    `against` are names of sources (of benchmarks), each with `=LOCATION` behind it where it is not on the Hub. Rows are
    quarantined as in a pipeline; the verdict passes when at most `allowed_fraction` of them are.
    """
    changes = read_suite(suite) if suite else None
    known = find_source(name)
    others = [_other(text) for text in against]
    out.mkdir(parents=True, exist_ok=True)
    (out / "verdict.json").unlink(missing_ok=True)  # one of earlier data, should this data not be readable
    task = replace(known.task, source=_placed(known.source, location, limit))
    ingest(sources=[{"task": task.name, "source": plain(task.source)}], seed=0, out=out / "data")
    _ingest_others(others, out / "against")
    return verify(
        tasks=[plain(task)],
        rows=out / "data",
        tests=out / "against",
        out_verdict=out,
        limits=[plain(known.limit)],
        suite=changes,
        max_quarantined_fraction=allowed_fraction,
        tokenizer=str(tokenizer or ""),
        processes=processes,
        kept=out / "kept",
        advance=advance or (lambda done, groups: None),
    )


def _other(text: str) -> tuple[KnownSource, Source]:
    name, _, location = text.partition("=")
    known = find_source(name)
    return known, _placed(known.source, location, None)


def _placed(source: Source, location: str, limit: int | None) -> Source:
    """The source at another location, whole or the first rows of it."""
    if location == "synthetic" and limit is None:
        limit = 1000
    return replace(source, location=location or source.location, limit=limit)


def _ingest_others(others: Sequence[tuple[KnownSource, Source]], folder: Path) -> None:
    if others:
        listed = [{"task": known.task.name, "source": plain(source)} for known, source in others]
        ingest(sources=listed, seed=0, out=folder)
        return
    write((), folder)
    (folder / SOURCES_FILE).write_text("[]\n", encoding="utf-8")
