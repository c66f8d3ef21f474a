"""Whole runs of three kinds of method, as small as they get: boxes, video, and a cold start with two pictures."""

import json
import os
import subprocess
import sys

import pytest

SMALL = {
    "backbone.tiny.hidden_size": 64,
    "backbone.tiny.layers": 2,
    "backbone.tiny.vision_size": 32,
    "backbone.tiny.warmup_steps": 10,
    "backbone.tiny.warmup_rows": 64,
    "tasks.*.source.limit": 24,
    "benchmarks.*.source.limit": 16,
    "benchmarks.*.sampling.max_new_tokens": 24,
    "stages.*.steps": 4,
    "stages.*.prompts_per_step": 2,
    "stages.*.group_size": 4,
    "stages.*.batch_size": 4,
    "stages.*.sampling.max_new_tokens": 24,
}


@pytest.mark.parametrize("name", ["visual_rft", "videochat_r1/temporal_grounding", "reason_rft"])
def test_a_run_of_each_kind_ends_with_a_report(name, tmp_path):
    from rlvr_pipelines.methods import METHODS
    from rlvr_pipelines.profiles import profile

    kinds = {type(stage).__name__ for stage in METHODS[name].stages}
    settings = {path: value for path, value in SMALL.items() if path != "stages.*.batch_size" or "Sft" in kinds}
    done = subprocess.run(
        [sys.executable, "-m", "rlvr_pipelines", "run", name, "--home", str(tmp_path)]
        + [part for path, value in settings.items() for part in ("--set", f"{path}={value}")],
        capture_output=True, text=True, timeout=400, check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1", "TMPDIR": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    folder = tmp_path / "runs" / f"{name.replace('/', '-')}-laptop-seed0"
    numbers = json.loads((folder / "metrics.json").read_text())
    wanted = [entry.name for entry in profile("laptop").scaled(METHODS[name]).benchmarks]
    assert [entry["name"] for entry in numbers["benchmarks"]] == wanted
    assert numbers["digests"]["base"] != numbers["digests"]["tuned"]
    page = (folder / "report.html").read_text()
    assert all(f"{stage.name}" in page for stage in METHODS[name].stages) and "No training stage" not in page
