"""`rlvr verify SOURCE`."""

from pathlib import Path
from typing import Annotated

import typer

from rlvr_pipelines.terminal import Console


def verify(
    name: Annotated[str, typer.Argument(metavar="[SOURCE]", help="A data source; without one, lists them.")] = "",
    folder: Annotated[
        str,
        typer.Option("--folder", help="Where its files are: a folder, s3://bucket/prefix, hub:ID@COMMIT, synthetic."),
    ] = "",
    against: Annotated[
        list[str] | None,
        typer.Option("--against", metavar="SOURCE[=FOLDER]", help="A benchmark that the rows must not be part of."),
    ] = None,
    suite: Annotated[Path | None, typer.Option("--suite", help="TOML file that changes or adds checks.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the results.")] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Look at the first rows alone.")] = None,
    tokenizer: Annotated[
        Path | None, typer.Option("--tokenizer", help="tokenizer.json to count prompts with; else an estimate.")
    ] = None,
    allow: Annotated[
        float, typer.Option("--allow", min=0, max=1, help="Part of the rows that may be quarantined (pipelines: 0.05).")
    ] = 0.0,
    processes: Annotated[int | None, typer.Option("--processes", min=1, help="Processes; default: the cores.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the verdict as JSON.")] = False,
) -> None:
    """Check the rows of a data source as pipelines do before training; exit code 1 on a critical failure."""
    from rlvr_pipelines.sources import table_of_sources
    from rlvr_pipelines.verdict_view import print_verdict
    from rlvr_pipelines.verify_source import verify_source

    console = Console(highlight=False)
    if not name:
        console.print(table_of_sources())
        return
    place = out or Path(".rlvr") / "verify" / name
    with Console(stderr=True).status(f"Reading {name}") as status:
        verdict = verify_source(
            name, out=place, location=folder, limit=limit, against=against or (), suite=suite, tokenizer=tokenizer,
            allowed_fraction=allow, processes=processes,
            advance=lambda done, groups: status.update(f"Measuring {name}: {done} of {groups} row groups"),
        )  # fmt: skip
    if json:
        from json import dumps

        print(dumps(verdict, indent=2, sort_keys=True))
    else:
        print_verdict(verdict, place, console)
    if not verdict["passed"]:
        raise typer.Exit(1)
