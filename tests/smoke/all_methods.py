"""`make smoke`: every method's whole pipeline on the laptop profile, one after the other, and a table of what came out.

    python tests/smoke/all_methods.py [METHOD ...] [--home DIR] [--readme FILE]

Without names the principal variant of every method is run. The table says for each: score of base and tuned model on
the primary benchmark, the paired gain with its 95 % interval, the stages and the seconds that the whole run took from
an empty store. With --readme the table replaces the one between the two marker lines of that file.
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.markdown import Markdown

from rlvr_pipelines.methods import FAMILIES, METHODS

BEGIN, END = "<!-- smoke: begin -->", "<!-- smoke: end -->"
HEAD = (
    "| method | primary benchmark, synthetic rows | n | base % | tuned % | gain, points | stages | seconds |\n"
    "|---|---|---|---|---|---|---|---|\n"
)


def run(name: str, home: Path) -> tuple[Path, float]:
    """The finished run's folder and its seconds; raises CalledProcessError when the command fails."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "rlvr_pipelines", "run", name, "--home", str(home)], check=True)
    seconds = time.perf_counter() - started
    return home / "runs" / f"{name.replace('/', '-')}-laptop-seed0", seconds


def line(name: str, folder: Path, seconds: float) -> str:
    """The table's line of one run."""
    entry = json.loads((folder / "metrics.json").read_text())["benchmarks"][0]
    base, tuned, gain = entry["base"], entry["tuned"], entry["difference"]
    learnt = "**" if gain["low"] > 0 else ""
    stages = " > ".join(stage.name for stage in METHODS[name].stages)
    return (
        f"| `{name}` | {METHODS[name].benchmarks[0].title} | {entry['n']} "
        f"| {base['score_percent']:.1f} [{base['low']:.1f}, {base['high']:.1f}] "
        f"| {tuned['score_percent']:.1f} [{tuned['low']:.1f}, {tuned['high']:.1f}] "
        f"| {learnt}{gain['value']:+.1f} [{gain['low']:+.1f}, {gain['high']:+.1f}]{learnt} "
        f"| {stages} | {seconds:.0f} |\n"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="Run every method on the laptop profile.")
    parser.add_argument("methods", nargs="*", help="names from `rlvr methods`")
    parser.add_argument("--home", type=Path, default=Path(".rlvr/smoke"))
    parser.add_argument("--readme", type=Path)
    options = parser.parse_args()
    names = options.methods or [family[0].name for family in FAMILIES.values()]
    table, failed = HEAD, []
    for name in names:
        home = options.home / name.replace("/", "-")
        shutil.rmtree(home, ignore_errors=True)  # seconds are those of a run from nothing
        try:
            table += line(name, *run(name, home))
        except subprocess.CalledProcessError as error:
            failed.append(name)
            print(f"{name} ended with exit code {error.returncode}", file=sys.stderr)
        (options.home / "smoke.md").write_text(table)
    Console().print(Markdown(table))
    if options.readme and not failed:
        text = options.readme.read_text()
        before, _, rest = text.partition(BEGIN)
        options.readme.write_text(f"{before}{BEGIN}\n{table}{END}{rest.partition(END)[2]}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
