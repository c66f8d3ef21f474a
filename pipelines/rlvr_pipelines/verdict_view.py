"""A verdict as a table on the terminal."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

SEVERITIES = ("critical", "warning", "info")
"""In the order in which they are shown."""

STYLES = {"critical": "bold red", "warning": "yellow", "info": "cyan"}

SHOWN_IDS = 3
"""Ids of failing rows that are shown a check."""

SHOWN_ERRORS = 3
"""Different error texts that are shown."""


def print_verdict(verdict: Mapping[str, Any], out: Path, console: Console) -> None:
    """Checks with findings first, what passed in short, sources, overlap, and where the rest is."""
    failing = [check for check in verdict["checks"] if check["failed"]]
    failing.sort(key=lambda check: (SEVERITIES.index(check["severity"]), -check["failed"]))
    console.print(_checks(failing) if failing else "No check found anything.")
    _errors(out, console)
    passed = [check["name"] for check in verdict["checks"] if not check["failed"] and check["judged"]]
    idle = [check["name"] for check in verdict["checks"] if not check["failed"] and not check["judged"]]
    _names("Passed", [name for name in passed if not name.startswith("test_")], console)
    _names("Nothing to judge", [name for name in idle if not name.startswith("test_")], console)
    console.print()
    console.print(_sources(verdict["sources"]))
    for source in verdict["sources"]:
        if why := source.get("not_compared"):
            console.print(f"\nFiles of {escape(source['name'])} were not compared with the Hub: {escape(why)}")
    for overlap in verdict["overlap"]:
        console.print(
            f"\nAgainst {escape(overlap['benchmark'])}: {overlap['rows']} rows are in it, "
            f"{overlap['shared_pictures']} pictures are shared."
        )
    taken = verdict["rows_in"] - verdict["rows_out"]
    word = "[bold green]passed[/bold green]" if verdict["passed"] else "[bold red]did not pass[/bold red]"
    console.print(f"\nThe data {word}: {verdict['rows_in']:,} rows came in, {taken:,} would be quarantined.")
    console.print(f"Everything is in [bold]{escape(str(out))}[/bold].", soft_wrap=True)


def _checks(checks: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("check", no_wrap=True)
    table.add_column("severity", no_wrap=True)
    table.add_column("failing", justify="right", no_wrap=True)
    table.add_column("of", justify="right", no_wrap=True)
    table.add_column("first")
    for check in checks:
        first = ", ".join(check["row_ids"][:SHOWN_IDS]) + (", ..." if check["row_ids"][SHOWN_IDS:] else "")
        table.add_row(
            escape(check["name"]),
            f"[{STYLES[check['severity']]}]{check['severity']}[/]",
            f"{check['failed']:,}",
            f"{check['judged']:,} {check['about']}",
            escape(first),
        )
    return table


def _errors(out: Path, console: Console) -> None:
    """What decoders and rewards said of rows, the commonest first."""
    import pyarrow.parquet as pq

    facts = pq.read_table(out / "facts.parquet", columns=["error", "part"]).to_pylist()
    said = Counter(fact["error"] for fact in facts if fact["error"] and fact["part"] == "train")
    for error, count in said.most_common(SHOWN_ERRORS):
        console.print(f"\nOf {count:,} rows: {escape(error)}")


def _names(what: str, names: Sequence[str], console: Console) -> None:
    if names:
        console.print(f"\n[bold]{what}[/bold] ({len(names)}): [dim]{escape(', '.join(names))}[/dim]")


def _sources(sources: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in ("source", "read from", "commit"):
        table.add_column(column)
    table.add_column("rows", justify="right")
    table.add_column("published", justify="right")
    table.add_column("licence")
    for source in sources:
        published = "-" if source["published_rows"] is None else f"{source['published_rows']:,}"
        cells = (source["name"], source["location"], (source["revision"] or "-")[:12])
        table.add_row(*map(escape, cells), f"{source['rows']:,}", published, escape(source["licence"] or "-"))
    return table
