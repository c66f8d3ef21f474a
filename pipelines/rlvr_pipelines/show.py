"""One method as a readable page on the terminal, and the table of all methods."""

import inspect
from collections.abc import Sequence
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from rlvr.benchmarks.benchmark import Benchmark
from rlvr.method import Departure, Method, Task
from rlvr.training import TrainingStage


def page(method: Method, console: Console, *, variants: Sequence[str] = (), everything: bool = False) -> None:
    """Print the page. `variants` are the names of the method's other variants; with `everything` settings that have
    the package's default and no source are listed too.
    """
    console.print(f"[bold]{escape(method.title)}[/bold]  [dim]{escape(method.name)}[/dim]")
    console.print(escape(method.summary))
    facts = _plain_table()
    facts.add_row("paper", escape(method.paper))
    facts.add_row("code followed", f"{escape(method.code)} ({escape(method.licence)})")
    backbone = method.backbone
    place = "" if backbone.location == "hub" else f", run on {backbone.location}"
    pinned = (backbone.revision or "commit not established")[:22]
    facts.add_row("backbone", escape(f"{backbone.hub_id} @ {pinned} ({backbone.licence}){place}"))
    if variants:
        facts.add_row("variants", ", ".join(variants))
    console.print(Padding(facts, (1, 0, 0, 0)))
    for task in method.tasks:
        _task(task, console)
    for stage in method.stages:
        _stage(stage, console, everything)
    for benchmark in method.benchmarks:
        _benchmark(benchmark, console)
    _departures(method.departures, console)


def table(families: Sequence[Sequence[Method]]) -> Table:
    """All methods, each with its variants below it."""
    listing = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    listing.add_column("method", no_wrap=True)
    for column in ("backbone", "stages", "trains on", "primary benchmark"):
        listing.add_column(column)
    for family in families:
        for position, method in enumerate(family):
            name = f"[bold]{method.name}[/bold]" if position == 0 else f"  /{method.name.partition('/')[2]}"
            listing.add_row(
                name,
                method.backbone.hub_id.partition("/")[2],
                " > ".join(stage.name for stage in method.stages),
                ", ".join(task.name for task in method.tasks)
                if len(method.tasks) < 5
                else f"{len(method.tasks)} tasks",
                method.benchmarks[0].title,
                style="" if position == 0 else "dim",
            )
    return listing


def _head(console: Console, kind: str, name: str) -> None:
    console.print(f"\n[bold cyan]{kind}[/bold cyan] [bold]{escape(name)}[/bold]")


def _plain_table() -> Table:
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="dim")
    table.add_column()
    return table


def _task(task: Task, console: Console) -> None:
    _head(console, "Task", task.name)
    source, table = task.source, _plain_table()
    rows = f"{source.published_rows:,} rows" if source.published_rows else "rows not stated"
    where = source.hub_id or "not on the Hub"
    if source.location != "hub":
        where += f", read from {source.location}"
    table.add_row("data", escape(f"{source.title}: {where}, {rows}; licence: {source.licence}"))
    if source.columns:
        table.add_row("columns", escape(", ".join(source.columns)))
    if task.prompt.system:
        table.add_row("system prompt", escape(task.prompt.system))
    table.add_row("prompt", escape(task.prompt.template))
    if task.prompt.prefill:
        table.add_row("reply begins", escape(repr(task.prompt.prefill)))
    for reward in task.rewards:
        said = (inspect.getdoc(reward.function) or "").split("\n\n")[0].replace("\n", " ")
        judge = f" Judged by {reward.judge.model}." if reward.judge else ""
        table.add_row("reward" if reward.weight == 1 else f"reward x {reward.weight:g}", f"[bold]{reward.name}[/bold]")
        table.add_row("", escape(said + judge))
    console.print(Padding(table, (0, 0, 0, 2)))


def _stage(stage: TrainingStage, console: Console, everything: bool) -> None:
    _head(console, f"Stage {stage.name}", type(stage).__name__)
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(style="bold", overflow="fold", max_width=24)
    table.add_column(style="dim")
    hidden = 0
    for path, value, default in settings(stage):
        source = stage.citations.get(path, "")
        if not source and default and not everything:
            hidden += 1
            continue
        mark = "[yellow]" if "unpublished" in source.lower() else ""
        table.add_row(path, escape(_value(value)), f"{mark}{escape(source)}")
    console.print(Padding(table, (0, 0, 0, 2)))
    if hidden:
        console.print(
            Padding(f"[dim]{hidden} further settings have the package's defaults (--all lists them)[/dim]", (0, 2))
        )


def _benchmark(benchmark: Benchmark, console: Console) -> None:
    _head(console, "Benchmark", benchmark.title)
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    for number in benchmark.published:
        rows = f"n = {number.rows:,}" if number.rows else "n not stated"
        judged = ", scored by a language model" if number.judged else ""
        split = f"; {number.split}" if number.split else ""
        measure = "" if number.recall_at is None else f" [dim]R@{number.recall_at:g}[/dim]"
        table.add_row(
            f"[dim]{number.role}[/dim]", f"[bold]{number.score_percent:g} %[/bold]{measure}", escape(number.model),
            f"[dim]{escape(f'{rows}{judged}{split}; {number.source}')}[/dim]",
        )  # fmt: skip
    console.print(Padding(table if benchmark.published else "[dim]no published number[/dim]", (0, 0, 0, 2)))


def _departures(departures: Sequence[Departure], console: Console) -> None:
    if not departures:
        return
    _head(console, "Departures", "from upstream, and why")
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    for position, departure in enumerate(departures, 1):
        table.add_row(f"{position}.", f"[bold]{departure.name}[/bold]  {escape(departure.text)}")
    console.print(Padding(table, (0, 0, 0, 2)))


def settings(value: Any, prefix: str = "") -> list[tuple[str, Any, bool]]:
    """Leaf fields of a stage as (path, value, whether that is the default), citations left out."""
    found: list[tuple[str, Any, bool]] = []
    for field in fields(value):
        content = getattr(value, field.name)
        if field.name in ("citations", "name"):
            continue
        default = field.default_factory() if field.default_factory is not MISSING else field.default
        if is_dataclass(content):
            if default is not MISSING and type(content) is not type(default):
                found.append((f"{prefix}{field.name}", type(content).__name__, False))
            found += settings(content, f"{prefix}{field.name}.")
        else:
            found.append((f"{prefix}{field.name}", content, content == default))
    return found


def _value(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "-"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) and value >= 10_000 else str(value)
