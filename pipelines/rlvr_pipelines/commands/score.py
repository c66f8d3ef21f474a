"""`rlvr score BENCHMARK --predictions FILE`."""

from pathlib import Path
from typing import Annotated

import typer

from rlvr_pipelines.terminal import Console

BenchmarkName = Annotated[
    str, typer.Argument(metavar="BENCHMARK", help="A benchmark, or METHOD/BENCHMARK as a method asks and scores it.")
]


def score(
    name: BenchmarkName,
    predictions: Annotated[
        Path, typer.Option("--predictions", help="JSON lines with row_id or question, gold, completion; or a .parquet.")
    ],
    rows: Annotated[
        Path | None, typer.Option("--rows", help="Folder with rows.parquet; lines then need row_id and completion.")
    ] = None,
    base: Annotated[
        Path | None, typer.Option("--base", help="Another model's replies to the same rows, for the paired gain.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Write both scores of every reply, as JSON lines.")] = None,
    judge: Annotated[str, typer.Option("--judge", metavar="MODEL", help="Also ask this model at RLVR_JUDGE_URL.")] = "",
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Score a file of replies under a benchmark's published and strict rule, without a model."""
    from rlvr.method import Judge
    from rlvr_pipelines.benchmark_table import find
    from rlvr_pipelines.score_predictions import print_summary, score_file, summary, write_scores

    benchmark = find(name)
    scored = score_file(benchmark, predictions, rows)
    against = score_file(benchmark, base, rows) if base else None
    found = summary(benchmark, scored, against, Judge(model=judge) if judge else None)
    if out:
        write_scores(out, scored)
    if json:
        from json import dumps

        print(dumps(found, indent=1))
    else:
        print_summary(found, Console())
