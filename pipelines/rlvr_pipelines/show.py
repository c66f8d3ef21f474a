"""One method as a readable page on the terminal."""

from dataclasses import fields, is_dataclass
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from rlvr.method import Method


def page(method: Method, console: Console) -> None:
    """Print what the method is, its data, rewards, hyper-parameters with sources, departures and published numbers."""
    console.print(f"[bold]{escape(method.title)}[/bold]  {escape(method.code)}  ({escape(method.licence)})")
    console.print(escape(method.summary))
    backbone = method.backbone
    console.print(
        f"\n[bold]Backbone[/bold]  {backbone.hub_id}@{(backbone.revision or 'unpinned')[:12]}, {backbone.location}"
    )
    for task in method.tasks:
        source = task.source
        rows = f"{source.published_rows:,} rows" if source.published_rows else "rows not stated"
        console.print(
            f"\n[bold]Task {task.name}[/bold]  {escape(source.title)}: {source.hub_id or source.location}, {rows}"
        )
        console.print(Padding(f"licence: {escape(source.licence)}", (0, 2)))
        console.print(Padding(f"prompt: {escape(repr(task.prompt.template))}", (0, 2)))
        for reward in task.rewards:
            console.print(Padding(f"reward: {reward.name} x {reward.weight:g}", (0, 2)))
    for stage in method.stages:
        console.print(f"\n[bold]Stage {stage.name}[/bold]  {type(stage).__name__}")
        table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2))
        for path, value in _settings(stage):
            table.add_row(path, escape(str(value)), f"[dim]{escape(stage.citations.get(path, ''))}[/dim]")
        console.print(Padding(table, (0, 2)))
    for benchmark in method.benchmarks:
        console.print(f"\n[bold]Benchmark[/bold]  {escape(benchmark.title)}")
        for number in benchmark.published:
            rows = f"n = {number.rows}" if number.rows else "n not stated"
            line = f"{number.role}: {number.score_percent:g} % ({number.model}, {rows}; {number.source})"
            console.print(Padding(escape(line), (0, 2)))
    if method.departures:
        console.print("\n[bold]Departures[/bold]")
        for position, departure in enumerate(method.departures, 1):
            console.print(Padding(f"{position}. {escape(departure.text)}", (0, 2)))


def _settings(value: Any, prefix: str = "") -> list[tuple[str, Any]]:
    """Leaf fields of a stage as (path, value), citations left out."""
    found: list[tuple[str, Any]] = []
    for field in fields(value):
        content = getattr(value, field.name)
        if field.name in ("citations", "name"):
            continue
        if is_dataclass(content):
            found += _settings(content, f"{prefix}{field.name}.")
        else:
            found.append((f"{prefix}{field.name}", content))
    return found
