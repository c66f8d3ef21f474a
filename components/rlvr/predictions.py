"""Predictions: what a model replied to a benchmark's rows, with everything that scoring them again needs.

`predictions.parquet` has a line a reply; rows stand in the data set's order, the samples of one below each other:

    row_id, sample, completion, tokens, truncated        what was generated
    gold                                                 JSON of the columns that the answer rules read
    published, strict                                    scores, null where no answer could be read
    cluster, part, published_boxes, strict_boxes         the design (`rlvr.scoring.design`), null where there is none

`evaluation.json` beside it says which benchmark and model, and how rows become one number.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from rlvr.benchmarks.benchmark import VIDEO, Benchmark
from rlvr.data.rows import Row, columns
from rlvr.errors import RlvrError
from rlvr.scoring import rules

GENERATED = pa.schema(
    [
        ("row", pa.int64()),
        ("row_id", pa.string()),
        ("sample", pa.int32()),
        ("completion", pa.string()),
        ("tokens", pa.int32()),
        ("truncated", pa.bool_()),
    ]
)
"""What generation yields; `row` is the number of the row that was answered."""

PREDICTIONS = pa.schema(
    [
        *(field for field in GENERATED if field.name != "row"),
        ("gold", pa.string()),
        ("published", pa.float64()),
        ("strict", pa.float64()),
        ("cluster", pa.string()),
        ("part", pa.string()),
        ("published_boxes", pa.string()),
        ("strict_boxes", pa.string()),
    ]
)
"""Columns of `predictions.parquet`."""

FILE, ABOUT = "predictions.parquet", "evaluation.json"

Answer = dict[str, Any]
"""One generated reply: the columns of `GENERATED`."""


def scorer_columns(benchmark: Benchmark, rows: Sequence[Row]) -> dict[str, list[Any]]:
    """The columns that rules and arrangement may read, one value a row."""
    table = columns(rows)
    if VIDEO in (benchmark.cluster_by, benchmark.macro_by):
        table[VIDEO] = [hashlib.sha256(row.get("video") or b"").hexdigest()[:16] for row in rows]
    return table


def judged(benchmark: Benchmark, rows: Sequence[Row], answers: Sequence[Answer]) -> list[dict[str, Any]]:
    """The lines of `predictions.parquet`: `answers` in the order of rows and samples, scored under both rules."""
    ordered = sorted(answers, key=lambda answer: (answer["row"], answer["sample"]))
    asked = [rows[answer["row"]] for answer in ordered]
    table = scorer_columns(benchmark, asked)
    texts = [answer["completion"] for answer in ordered]
    scores = rules.scored(benchmark, texts, table, [f"row {answer['row_id']}" for answer in ordered])
    wanted = [name for name in rules.columns_read(benchmark) if name in table]
    lines = []
    for number, (answer, score) in enumerate(zip(ordered, scores, strict=True)):
        gold = {name: table[name][number] for name in wanted}
        lines.append({**answer, **score, "gold": json.dumps(gold, sort_keys=True)})
    for line, arranged in zip(lines, arrangement(benchmark, texts, table), strict=True):
        line.update(arranged)
    return lines


def arrangement(benchmark: Benchmark, completions: Sequence[str], table: rules.Columns) -> list[dict[str, str | None]]:
    """The columns of the design, a dictionary a reply."""
    for name in (benchmark.cluster_by, benchmark.macro_by):
        if name is not None and name not in table:
            raise RlvrError(
                f"Benchmark {benchmark.name} groups its rows by {name!r}, and the rows have no such column; give it to "
                f"every row, or take the name out of the benchmark."
            )
    read = rules.boxes(benchmark, completions, table)
    return [
        {
            "cluster": _text(table, benchmark.cluster_by, number),
            "part": _text(table, benchmark.macro_by, number),
            "published_boxes": read["published"][number] if read else None,
            "strict_boxes": read["strict"][number] if read else None,
        }
        for number in range(len(completions))
    ]


def about(benchmark: Benchmark, rows: int) -> dict[str, Any]:
    """The keys of `evaluation.json` that say how rows become one number."""
    return {
        "benchmark": benchmark.name,
        "rows": rows,
        "samples": benchmark.samples,
        "aggregate": benchmark.aggregate,
        "recall_at": list(benchmark.recall_at),
    }


def write(folder: Path, lines: Sequence[Mapping[str, Any]], summary: Mapping[str, Any]) -> None:
    """Write both files of a finished evaluation; a reader sees each of them whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{FILE}.{os.getpid()}"
    pq.write_table(pa.Table.from_pylist(list(lines), PREDICTIONS), temporary, compression="zstd")
    os.replace(temporary, folder / FILE)
    temporary = folder / f".{ABOUT}.{os.getpid()}"
    temporary.write_text(json.dumps(summary, indent=1, sort_keys=True), encoding="utf-8")
    os.replace(temporary, folder / ABOUT)


def _text(table: rules.Columns, name: str | None, number: int) -> str | None:
    return None if name is None or table[name][number] is None else str(table[name][number])
