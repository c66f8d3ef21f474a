"""`rlvr report RUN ...`."""

from pathlib import Path
from typing import Annotated

import typer

from rlvr_pipelines.commands.options import StoreUrl
from rlvr_pipelines.terminal import Console


def report(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN", help="Folders that `rlvr run` made.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE.html", help="Page to write; report.html if left out.")
    ] = None,
    store: StoreUrl = "",
    json: Annotated[
        bool, typer.Option("--json", help="Print the numbers as JSON; writes a page only with -o.")
    ] = False,
) -> None:
    """Draw one run's report again, or compare several runs on one page."""
    from rlvr.report.comparison import build, compare
    from rlvr_pipelines.comparison_view import print_comparison
    from rlvr_pipelines.run_folder import read_runs, rebuild
    from rlvr_pipelines.summary import print_numbers

    target = output or (None if json else Path("report.html"))
    console = Console()
    if len(runs) == 1:
        told = rebuild(runs[0], target, store)
    else:
        given = read_runs(runs)
        told = build(given, target) if target else compare(given)
    if json:
        from json import dumps

        print(dumps(told, indent=1, sort_keys=True))
    elif len(runs) == 1:
        print_numbers(told, console)
    else:
        print_comparison(told, console)
    if not json:
        console.print(f"\nReport: {target}", markup=False, soft_wrap=True)
