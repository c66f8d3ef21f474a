"""Ctrl-C in `rlvr evaluate` and `rlvr score`: one line, exit code 130, and what was generated is kept."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

from rlvr_pipelines.benchmark_table import find
from rlvr_pipelines.evaluate_model import evaluate_model, with_settings

TOLD = """
import sys
from dataclasses import replace

import rlvr.evaluate
from rlvr_pipelines import benchmark_table

find = benchmark_table.find
benchmark_table.find = lambda name: replace(find(name), sampling=replace(find(name).sampling, max_new_tokens=8))
whole = rlvr.evaluate.generator


def told(*given):
    generate = whole(*given)

    def one(numbers):
        found = generate(numbers)
        print("batch done", file=sys.stderr, flush=True)
        return found

    return one


rlvr.evaluate.generator = told
from rlvr_pipelines.cli import main

main()
"""
"""The command itself with short replies; it says on stderr that a batch is done."""

DONE = "batch done"
SECONDS = 120


def _listening():
    """What a shell starts in the background does not hear Ctrl-C; this process shall, wherever the tests run."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def started(*arguments):
    """A process in a group of its own, as a terminal has it."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "200"}
    return subprocess.Popen(
        [sys.executable, *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True, env=environment,
        preexec_fn=_listening,
    )  # fmt: skip


def interrupted(process):
    """Its exit code and what it still wrote to stderr after Ctrl-C."""
    os.killpg(process.pid, signal.SIGINT)
    output, errors = process.communicate(timeout=SECONDS)
    assert output == "" and "Traceback" not in errors, errors
    return process.returncode, [line for line in errors.splitlines() if line.strip() and line != DONE]


def test_an_interrupted_evaluation_keeps_its_replies(tiny_base, tmp_path):
    arguments = ["-c", TOLD, "evaluate", "held_out_digits", "--model", tiny_base, "--data", "synthetic"]
    process = started(*arguments, "--limit", 24, "--batch", 4, "--out", tmp_path)
    seen = 0
    for line in process.stderr:
        seen += line.strip() == DONE
        if seen == 2:  # the first batch is kept by now
            break
    assert interrupted(process) == (130, ["Interrupted; run the same command to go on."])
    assert (tmp_path / "unfinished").is_dir() and not (tmp_path / "metrics.json").exists()
    digits = find("held_out_digits")
    short = replace(digits, sampling=replace(digits.sampling, max_new_tokens=8))
    benchmark = with_settings(short, data="synthetic", limit=24)
    told = []
    found = evaluate_model(
        benchmark, tiny_base, tmp_path, precision="", batch=4, seed=0,
        progress=lambda done, wanted: told.append((done, wanted)),
    )  # fmt: skip
    assert told[0][0] > 4 and told[-1] == (24, 24)  # rows of the first batch were not generated again
    assert found["n"] == 24 and not (tmp_path / "unfinished").exists()


def test_interrupted_scoring_ends_at_once(tmp_path):
    lines = [
        {"row_id": str(number), "gold": f"{number}°", "completion": f"<answer> ${number}$ </answer>"}
        for number in range(10_000)
    ]
    (tmp_path / "replies.jsonl").write_text("\n".join(map(json.dumps, lines)))
    process = started("-m", "rlvr_pipelines", "score", "geoqa_test", "--predictions", tmp_path / "replies.jsonl")
    deadline = time.monotonic() + SECONDS
    while not any(path.read_text() for path in Path(f"/proc/{process.pid}/task").glob("*/children")):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    assert interrupted(process) == (130, ["Interrupted; run the same command to go on."])
