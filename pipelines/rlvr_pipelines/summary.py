"""What a finished run prints: base and tuned score with their intervals, the paired gain, and the report's path."""

import json
from pathlib import Path

from rich.console import Console
from rich.table import Table


def print_summary(folder: Path, console: Console) -> None:
    """Print the numbers of `folder/metrics.json` and where the report is."""
    numbers = json.loads((folder / "metrics.json").read_text())
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("benchmark", "n", "base %", "tuned %", "gain, points"):
        table.add_column(column, justify="left" if column == "benchmark" else "right")
    for entry in numbers["benchmarks"]:
        base, tuned, gain = entry["base"], entry["tuned"], entry["difference"]
        table.add_row(
            entry["name"],
            str(entry["n"]),
            f"{base['score_percent']:.1f} [{base['low']:.1f}, {base['high']:.1f}]",
            f"{tuned['score_percent']:.1f} [{tuned['low']:.1f}, {tuned['high']:.1f}]",
            f"{gain['value']:+.1f} [{gain['low']:+.1f}, {gain['high']:+.1f}]",
        )
    console.print("\nAccuracy in per cent with 95 % intervals; the gain is paired, on the same rows.\n")
    console.print(table)
    console.print(f"\nReport: {folder / 'report.html'}")
