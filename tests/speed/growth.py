"""How this engine's time and memory grow with group size, prompt length and response length: config S, beta 0.

`python tests/speed/growth.py [--json]`. One prompt a step; one quantity is varied, the others stay at G=8, P=169, R=64.
Ideal growth is linear in response tokens and, for a group, far below G times one response: the prompt is computed once.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import environment
from memory import peak
from models import SHAPES, build
from ours import Ours
from rich.console import Console
from rich.table import Table
from workload import Workload, growth

AXES = ("group_size", "prompt", "response")
STEPS = 4


def main() -> None:
    """Measure and print."""
    environment.one_thread()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    options = parser.parse_args()
    out = os.fdopen(environment.results(), "w")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build(SHAPES["S"], "float32", folder)
        rows = []
        for axis in AXES:
            print(f"measuring growth with {axis} ...", file=sys.stderr, flush=True)
            rows += [{"axis": axis, **measure(one, folder)} for one in growth(axis)]
    if options.json:
        out.write(json.dumps({"growth": rows}) + "\n")
    else:
        Console(file=out, width=None if out.isatty() else 140).print(table(rows))
    out.close()


def measure(workload: Workload, folder: Path) -> dict[str, Any]:
    """The fastest of some steps after a warm-up."""
    ours = Ours(workload, folder)
    for step in range(1 + STEPS):
        ours.step(step)
    return {
        "group_size": workload.group_size,
        "prompt_tokens": len(ours.prompts(0)[0].ids),
        "new_tokens": workload.new_tokens,
        "response_tokens": workload.response_tokens,
        **{f"{phase}_s": ours.clock.best(phase, 1) for phase in ("rollout", "update", "step")},
        "update_bytes": peak("ours", workload, folder),
    }


def table(rows: Sequence[dict[str, Any]]) -> Table:
    """A line a point."""
    result = Table(title="Growth of this engine: milliseconds and peak MiB of the update")
    result.add_column("varied")
    for title in ("G", "P", "R", "rollout", "update", "step", "us a response token", "MiB"):
        result.add_column(title, justify="right")
    for number, row in enumerate(rows):
        first = number == 0 or rows[number - 1]["axis"] != row["axis"]
        result.add_row(
            row["axis"].replace("_", " ") if first else "",
            str(row["group_size"]),
            str(row["prompt_tokens"]),
            str(row["new_tokens"]),
            *(f"{1000 * row[f'{phase}_s']:,.0f}" for phase in ("rollout", "update", "step")),
            f"{1e6 * row['step_s'] / row['response_tokens']:,.0f}",
            f"{row['update_bytes'] / 2**20:,.0f}",
            end_section=number + 1 < len(rows) and rows[number + 1]["axis"] != row["axis"],
        )
    return result


if __name__ == "__main__":
    main()
