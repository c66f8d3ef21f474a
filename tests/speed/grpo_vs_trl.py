"""This engine beside TRL's GRPOTrainer: `make bench`, or `python tests/speed/grpo_vs_trl.py [--json] [--quick]`.

Same random Qwen2.5-VL weights, same pictures and prompts, responses of the same forced length, one process, one thread,
CPU time, fp32. A step is picture processing, rollout, reference log-probs, policy forward and backward; the optimiser's
own step is left out of both. Ratios are TRL's figure over ours. On a GPU machine a 2B model in bf16 is added, timed by
the clock and judged by the model FLOPs utilisation of the update.
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
import torch
import workload as workloads
from comparison import compare
from models import SHAPES, build
from rich.console import Console
from rich.table import Table
from workload import Workload


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    parser.add_argument("--quick", action="store_true", help="two steps a configuration and no memory")
    names = [one.name for one in available()]
    parser.add_argument("--config", action="append", choices=names, metavar="NAME", help=f"one of {', '.join(names)}")
    return parser.parse_args()


def available() -> Sequence[Workload]:
    """What this machine can measure."""
    return workloads.CPU + (workloads.GPU if torch.cuda.is_available() else ())


def main() -> None:
    """Measure and print."""
    environment.one_thread()
    options = arguments()
    chosen = [one for one in available() if not options.config or one.name in options.config]
    out = os.fdopen(environment.results(), "w")
    rows = []
    with tempfile.TemporaryDirectory() as name:
        for one in chosen:
            print(f"measuring {one.name} ...", file=sys.stderr, flush=True)
            folder = Path(name) / one.model
            if not folder.is_dir():
                build(SHAPES[one.model], one.precision, folder)
            rows.append(compare(one, folder, steps=2 if options.quick else 4, memory=not options.quick))
    if options.json:
        out.write(json.dumps({"rows": rows}) + "\n")
    else:
        console = Console(file=out, width=None if out.isatty() else 140)
        console.print(ratios(rows))
        console.print(figures(rows))
    out.close()


def ratios(rows: Sequence[dict[str, Any]]) -> Table:
    """TRL over ours."""
    table = Table(title="TRL 1.16's figure over ours (higher is better)")
    table.add_column("configuration")
    phases = ("step", "rollout", "reference", "update", "memory")
    for title in ("P", "G x R", "beta", *phases, "token bound"):
        table.add_column(title, justify="right")
    for row in rows:
        table.add_row(
            row["config"],
            str(row["prompt_tokens"]),
            f"{row['group_size']} x {row['new_tokens']}",
            f"{row['beta']:g}",
            *(_times(row[f"{phase}_ratio"]) for phase in phases),
            _times(row["token_bound"]),
        )
    return table


def figures(rows: Sequence[dict[str, Any]]) -> Table:
    """The figures behind the ratios, a line a side."""
    table = Table(title="Milliseconds a step, response tokens/s, vision patches a step, peak MiB of the update")
    for title in ("configuration", "side"):
        table.add_column(title)
    phases = ("step", "rollout", "reference", "update")
    for title in (*phases, "tokens/s", "patches", "MiB", "MFU"):
        table.add_column(title, justify="right")
    for row in rows:
        for name in ("trl", "ours"):
            side = row[name]
            table.add_row(
                row["config"] if name == "trl" else "",
                name,
                *(f"{1000 * side[f'{phase}_s']:,.0f}" for phase in phases),
                f"{side['tokens_per_s']:,.0f}",
                f"{side['vision_patches']:,}",
                f"{side['update_bytes'] / 2**20:,.0f}" if "update_bytes" in side else "-",
                f"{100 * side['update_mfu']:.0f} %" if side["update_mfu"] is not None else "-",
            )
    return table


def _times(value: float | None) -> str:
    return f"{value:.2f}x" if value is not None else "-"


if __name__ == "__main__":
    main()
