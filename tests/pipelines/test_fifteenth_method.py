"""A newcomer's method: one file and one line in the table, and every command knows it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import rlvr_pipelines

EXAMPLE = Path(__file__).parent / "fifteenth" / "colours.py"
QUICK = {
    "backbone.tiny.hidden_size": 64,
    "backbone.tiny.layers": 2,
    "backbone.tiny.vision_size": 32,
    "backbone.tiny.warmup_steps": 60,
    "backbone.tiny.warmup_rows": 128,
    "tasks.*.source.limit": 64,
    "benchmarks.*.source.limit": 64,
    "stages.grpo.steps": 6,
    "stages.grpo.prompts_per_step": 4,
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the pipelines package with the new file and the new line."""
    folder = tmp_path_factory.mktemp("tree")
    package = folder / "rlvr_pipelines"
    shutil.copytree(Path(rlvr_pipelines.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(EXAMPLE, package / "methods" / "colours.py")
    table = package / "methods" / "__init__.py"
    table.write_text(table.read_text().replace("TABLE = (\n", 'TABLE = (\n    "colours",\n'))
    return folder


def rlvr(tree, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", "rlvr_pipelines", *arguments],
        capture_output=True, text=True, cwd=tree, timeout=300, check=False,
        env={**os.environ, "PYTHONPATH": str(tree), "NO_COLOR": "1", "COLUMNS": "160"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_is_listed_shown_compiled_and_scored(tree):
    assert "colours" in rlvr(tree, "methods")
    assert "ours: R1-V's value" in rlvr(tree, "show", "colours")
    rlvr(tree, "compile", "colours", "-o", "colours.yaml", "--allow-unpinned")
    assert "rlvr_pipelines.methods.colours:named" in (tree / "colours.yaml").read_text()
    line = {"completion": "<think> It is red. </think> <answer> red </answer>", "answer": "red"}
    (tree / "mine.jsonl").write_text(json.dumps(line) + "\n")
    scored = json.loads(rlvr(tree, "reward", "colours/naming", "--completions", "mine.jsonl", "--json"))
    assert scored["reward"] == 2.0


def test_it_runs_from_end_to_end(tree):
    settings = [part for path, value in QUICK.items() for part in ("--set", f"{path}={value}")]
    output = rlvr(tree, "run", "colours", "--home", "home", *settings)
    assert "colours_test" in output
    numbers = json.loads((tree / "home/runs/colours-laptop-seed0/metrics.json").read_text())
    assert numbers["benchmarks"][0]["n"] == 64 and len(numbers["own_changes"]) == len(QUICK)
    page = (tree / "home/runs/colours-laptop-seed0/report.html").read_text()
    assert "Not a reproduction" in page and "changed by the user" in page
