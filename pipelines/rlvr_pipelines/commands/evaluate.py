"""`rlvr evaluate BENCHMARK --model DIR`."""

from pathlib import Path
from typing import Annotated

import typer

from rlvr_pipelines.commands.score import BenchmarkName
from rlvr_pipelines.terminal import Console


def evaluate(
    name: BenchmarkName,
    model: Annotated[Path, typer.Option("--model", help="Checkpoint folder in transformers' format.")],
    data: Annotated[
        str, typer.Option("--data", help="Its rows: a folder, s3://bucket/prefix, hub:ID@COMMIT or synthetic.")
    ] = "",
    limit: Annotated[int | None, typer.Option("--limit", help="Take the first rows only.")] = None,
    samples: Annotated[int, typer.Option("--samples", min=1, help="Replies a row; more than one gives pass@k.")] = 1,
    temperature: Annotated[
        float | None, typer.Option("--temperature", help="Instead of the benchmark's own decoding.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Seed of replies that are not greedy.")] = 0,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for rows, predictions and metrics.")] = None,
    batch: Annotated[int, typer.Option("--batch", min=1, help="Rows generated at a time.")] = 64,
    precision: Annotated[
        str, typer.Option("--precision", help="float32, bfloat16 or float16; the checkpoint's own if not given.")
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Evaluate a checkpoint on a benchmark; interrupted, the same command goes on where it stopped."""
    import contextlib
    import sys

    from rich.progress import Progress

    from rlvr_pipelines.benchmark_table import find
    from rlvr_pipelines.evaluate_model import departures, evaluate_model, with_settings
    from rlvr_pipelines.score_predictions import print_summary

    asked = find(name)
    benchmark = with_settings(asked, data=data, limit=limit, samples=samples, temperature=temperature)
    folder = out or Path(".rlvr") / "evaluations" / name.replace("/", "-")
    # Progress is not part of the result.
    with Progress(console=Console(stderr=True), transient=True) as bar, contextlib.redirect_stdout(sys.stderr):
        task = bar.add_task(benchmark.title, total=None)
        found = evaluate_model(
            benchmark, model, folder, precision=precision, batch=batch, seed=seed,
            progress=lambda done, wanted: bar.update(task, completed=done, total=wanted),
            reasons=departures(asked, benchmark),
        )  # fmt: skip
    if json:
        from json import dumps

        print(dumps(found, indent=1))
    else:
        print_summary(found, Console())
        Console().print(f"\n{folder / 'predictions.parquet'}", highlight=False, markup=False)
