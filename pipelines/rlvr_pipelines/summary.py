"""What a finished run prints: base and tuned score with their intervals, the paired gain, and the report's path."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rlvr.report.text import interval


def print_summary(folder: Path, console: Console) -> None:
    """Print the numbers of `folder/metrics.json` and where the report is."""
    console.print()
    print_numbers(json.loads((folder / "metrics.json").read_text()), console)
    console.print(f"\nReport: {folder / 'report.html'}", markup=False, soft_wrap=True)


def print_numbers(numbers: Mapping[str, Any], console: Console) -> None:
    """Print the scores and gains that a metrics.json holds."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("benchmark", "n", "base %", "tuned %", "gain, points"):
        table.add_column(column, justify="left" if column == "benchmark" else "right", no_wrap=column != "benchmark")
    for entry in numbers["benchmarks"]:
        scores = [interval(entry[role], "score_percent") for role in ("base", "tuned")]
        table.add_row(escape(entry["name"]), str(entry["n"]), *scores, interval(entry["difference"], "value"))
    console.print("Scores in per cent with 95 % intervals; the gain is paired, on the same rows.\n")
    console.print(table)
