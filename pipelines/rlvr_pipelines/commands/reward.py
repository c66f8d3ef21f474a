"""`rlvr reward METHOD --completions FILE`."""

from pathlib import Path
from typing import Annotated

import typer

from rlvr_pipelines.terminal import Console


def reward(
    name: Annotated[str, typer.Argument(metavar="METHOD[/TASK]", help="A name from `rlvr methods`, and a task of it.")],
    completions: Annotated[
        Path, typer.Option("--completions", help="JSON lines: completion and the rewards' columns.")
    ],
    rows: Annotated[
        Path | None, typer.Option("--rows", help="Folder with rows.parquet; lines then need completion and row_id.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Score completions with each reward of a method, without training."""
    from dataclasses import asdict

    from rlvr_pipelines.methods import METHODS, method
    from rlvr_pipelines.score_completions import print_scores, score_file, split

    chosen, task = split(name, METHODS, method)
    scored = score_file(chosen, task, completions, rows)
    if json:
        from json import dumps

        print("\n".join(dumps(asdict(one)) for one in scored))
    else:
        print_scores(chosen, scored, Console())
