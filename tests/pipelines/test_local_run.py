"""The whole graph through kfp.local: report and numbers, resumption after a kill, no work the second time, S3."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

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
    "stages.grpo.prompts_per_step": 2,
    "stages.grpo.group_size": 4,
    "stages.grpo.steps": 40,
    "stages.grpo.sampling.max_new_tokens": 24,
    "stages.grpo.checkpoint_every": 8,
}
COMMAND = [sys.executable, "-m", "rlvr_pipelines", "run", "r1_vlm"]
COMMAND += [part for path, value in SMALL.items() for part in ("--set", f"{path}={value}")]


def start(folder, *arguments, **environment):
    return subprocess.Popen(
        [*COMMAND, "--home", str(folder), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # a terminal's processes are a group of their own
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # which jobs in the background do not hear
        env={**os.environ, "OMP_NUM_THREADS": "1", "TMPDIR": str(folder), **environment},  # killed runs leave folders
    )


def finish(process):
    output, _ = process.communicate(timeout=400)
    assert process.returncode == 0, output
    return output


def digests(folder):
    return json.loads((folder / "runs/r1_vlm-laptop-seed0/artifacts.json").read_text())


def progress(folder):
    path = folder / "runs/r1_vlm-laptop-seed0/progress.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []


def grpo_step(folder):
    return max(
        (line["step"] for line in progress(folder) if line["stage"] == "grpo" and "event" not in line), default=0
    )


def stages(folder):
    """Processes that run a stage of a pipeline under `folder`."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            command = path.read_bytes()
            if b"executor_main" in command and str(folder).encode() in command:
                found.append(path.parent.name)
    return found


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    return folder, finish(start(folder))


def test_a_run_ends_with_numbers_and_a_report(finished):
    folder, output = finished
    run = folder / "runs/r1_vlm-laptop-seed0"
    assert str(run / "report.html") in output.replace("\n", "") and "held_out_digits" in output
    page = (run / "report.html").read_text()
    assert "r1-vlm" in page and "<script" not in page
    assert "digits.correctness" in page and "No training stage" not in page
    assert "train (grpo), model" in " ".join(page.split()) and "no record explains it" not in page
    assert (run / "summary.md").read_text().startswith("## r1-vlm")
    assert "<h1>The data passed</h1>" in (run / "verification.html").read_text()
    numbers = json.loads((run / "metrics.json").read_text())
    assert (numbers["method"], numbers["profile"], numbers["seed"]) == ("r1_vlm", "laptop", 0)
    (benchmark,) = numbers["benchmarks"]
    assert (benchmark["name"], benchmark["n"]) == ("held_out_digits", 16)
    for role in ("base", "tuned"):
        assert {"score_percent", "low", "high", "unparsed_percent"} <= set(benchmark[role])
    assert {"value", "low", "high"} <= set(benchmark["difference"])
    shown = json.loads(next(run.glob("pipeline/*/report/executor_output.json")).read_text())["artifacts"]
    assert shown["metrics"]["artifacts"][0]["metadata"]["held_out_digits_rows"] == 16.0
    for name, copy in (("page", "report.html"), ("summary", "summary.md")):
        assert next(run.glob(f"pipeline/*/report/{name}")).read_bytes() == (run / copy).read_bytes()


def test_the_model_card_is_one_of_the_hub_s_and_names_the_model(finished):
    from huggingface_hub import ModelCard

    folder, _ = finished
    card = ModelCard.load(folder / "runs/r1_vlm-laptop-seed0/README.md")
    assert digests(folder)["grpo"]["model"] in card.text and "not-a-reproduction" in card.data.tags
    assert card.data.eval_results[0].metric_args["n"] == 16


def test_running_again_does_nothing(finished):
    folder, _ = finished
    before = digests(folder)
    output = finish(start(folder))
    assert "grpo: already done" in output and "base: already done" in output
    assert digests(folder) == before


def test_a_killed_run_continues_and_ends_with_the_same_bytes(finished, tmp_path):
    whole, _ = finished
    process = start(tmp_path)
    deadline = time.monotonic() + 200
    while grpo_step(tmp_path) < 9 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    reached = grpo_step(tmp_path)
    assert 9 <= reached < 40
    output = finish(start(tmp_path))
    continued = [line["note"] for line in progress(tmp_path) if "note" in line]
    assert any("continuing after step" in note for note in continued), output
    assert digests(tmp_path)["grpo"]["model"] == digests(whole)["grpo"]["model"]


def told_to_stop(folder, number, *, everybody):
    """What `rlvr run` prints when a signal comes in the middle of grpo: to it alone, or to all processes as Ctrl-C."""
    (folder / "runs/r1_vlm-laptop-seed0/progress.jsonl").unlink(missing_ok=True)  # of the run before
    process, deadline = start(folder), time.monotonic() + 300
    while process.poll() is None and time.monotonic() < deadline:
        if any(line["stage"] == "grpo" and "reward" in line for line in progress(folder)):
            break
        time.sleep(0.05)
    (os.killpg if everybody else os.kill)(process.pid, number)
    output, _ = process.communicate(timeout=300)
    assert "grpo: stopped; it goes on when it is run again" in output and "Traceback" not in output, output
    assert list((folder / "store").glob(f"checkpoints/*/{grpo_step(folder):09d}.json")), output
    return process.returncode, output.splitlines()[-1]


def test_a_run_told_to_stop_saves_a_checkpoint_and_goes_on_from_it(finished, tmp_path):
    whole, _ = finished
    told = told_to_stop(tmp_path, signal.SIGTERM, everybody=False)
    assert told == (75, "The run was told to stop by SIGTERM. Run the same command to go on.")
    first = grpo_step(tmp_path)
    told = told_to_stop(tmp_path, signal.SIGINT, everybody=True)
    assert told == (130, "Interrupted; run the same command to go on.")
    second = grpo_step(tmp_path)
    assert 0 < first < second < 40
    finish(start(tmp_path))
    assert f"continuing after step {second}" in [line["note"] for line in progress(tmp_path) if "note" in line]
    assert digests(tmp_path)["grpo"]["model"] == digests(whole)["grpo"]["model"]


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="reads /proc to find the stage's process")
def test_a_run_in_use_is_refused_and_an_orphaned_stage_ends(finished, tmp_path):
    first = start(tmp_path)
    deadline = time.monotonic() + 200
    while grpo_step(tmp_path) < 1 and first.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    second = start(tmp_path)
    assert "in use by another" in second.communicate(timeout=100)[0] and second.returncode == 1
    assert first.poll() is None  # it does not notice
    running = stages(tmp_path)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    deadline = time.monotonic() + 20
    while stages(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert running and not stages(tmp_path)


def test_a_run_with_objects_in_s3_gives_the_same_artifacts(finished, tmp_path):
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    try:
        host, port = server.get_host_and_port()
        environment = {
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
            "AWS_ACCESS_KEY_ID": "id",
            "AWS_SECRET_ACCESS_KEY": "very-secret",
            "AWS_DEFAULT_REGION": "us-east-1",
            "RLVR_CACHE": str(tmp_path / "cache"),
        }
        client = boto3.client(
            "s3", endpoint_url=environment["AWS_ENDPOINT_URL"], aws_access_key_id="id",
            aws_secret_access_key="very-secret", region_name="us-east-1",
        )  # fmt: skip
        client.create_bucket(Bucket="objects")
        finish(start(tmp_path, "--store", "s3://objects/store", **environment))
        keys = [entry["Key"] for entry in client.list_objects_v2(Bucket="objects")["Contents"]]
    finally:
        server.stop()
    model = digests(tmp_path)["grpo"]["model"]
    assert model == digests(finished[0])["grpo"]["model"]
    assert f"store/artifacts/{model}/model.safetensors" in keys
    assert not [key for key in keys if "checkpoints/" in key]
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.suffix in (".json", ".jsonl", ".log", ".html"):
            assert "very-secret" not in path.read_text(errors="replace"), path
