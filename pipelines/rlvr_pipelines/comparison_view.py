"""What `rlvr report` prints of several runs: a line a run and benchmark, and means where only the seed differs."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rlvr.report.text import clean, interval


def print_comparison(told: Mapping[str, Any], console: Console) -> None:
    """Print what `rlvr.report.comparison.compare` told."""
    table = _table("run", "benchmark", "n", "base %", "tuned %", "gain, points")
    for run in told["runs"]:
        for number, entry in enumerate(run["benchmarks"]):
            table.add_row(
                _plain(run["label"]) if not number else "",
                _plain(entry["name"]),
                str(entry["n"]),
                interval(entry["base"], "score_percent"),
                interval(entry["tuned"], "score_percent"),
                interval(entry["difference"], "value"),
            )
    console.print("Per cent with 95 % intervals; the gain is paired, on the same rows.\n")
    console.print(table)
    for group in told["repeated"]:
        means = _table("benchmark", "n", "base %", "tuned %", "gain, points")
        for entry in group["benchmarks"]:
            cells = [_mean(entry["base"]), _mean(entry["tuned"]), _mean(entry["difference"], "+")]
            means.add_row(_plain(entry["name"]), str(entry["n"]), *cells)
        seeds = ", ".join(str(seed) for seed in group["seeds"])
        console.print(f"\n{_plain(group['title'])}, seeds {seeds}: mean ± standard deviation over the runs\n")
        console.print(means)


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(
            column,
            justify="left" if column in ("run", "benchmark") else "right",
            no_wrap=column not in ("run", "benchmark"),
        )
    return table


def _plain(text: str) -> str:
    """Text of a file or a folder's name, without control characters and markup."""
    return escape(str(clean(text)))


def _mean(entry: Mapping[str, float], sign: str = "") -> str:
    return f"{entry['mean']:{sign}.1f} ± {entry['sd']:.1f}"
