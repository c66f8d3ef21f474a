"""`rlvr submit`, `wait` and `cancel` as a user runs them: output, exit codes, and no secret anywhere."""

import json

import pytest
from typer.testing import CliRunner

from rlvr.errors import RlvrError
from rlvr_pipelines.cli import app

RUN = {
    "experiment_id": "experiment-1",
    "display_name": "digits",
    "run_id": "run-7",
    "created_at": "2026-11-01T03:00:00Z",
}


def task(name, state, **more):
    times = {"start_time": "2026-11-01T03:00:00Z", "end_time": "2026-11-01T03:01:05Z"}
    return {"task_id": f"id-{name}", "run_id": "run-7", "display_name": name, "state": state, **times, **more}


@pytest.fixture
def rlvr(server):
    def call(*arguments, host=server.url):
        return CliRunner().invoke(app, [*arguments, "--host", host], catch_exceptions=True)

    return call


def moves(server, *states):
    """The run goes through these states, one a look."""
    server.runs["run-7"] = dict(RUN)
    left = list(states)

    def look(run):
        run.update(left.pop(0) if len(left) > 1 else left[0])

    server.on_run_read = look


def with_tasks(state, *tasks, **more):
    return {"state": state, "run_details": {"task_details": list(tasks)}, **more}


@pytest.mark.parametrize(
    ("state", "code", "words"),
    [
        ("SUCCEEDED", 0, "The run has succeeded"),
        ("SKIPPED", 0, "The run was skipped"),
        ("FAILED", 1, "The run has failed at grpo"),
        ("CANCELED", 4, "The run was cancelled"),
    ],
)
def test_every_end_ends_the_wait_with_its_code(server, rlvr, state, code, words):
    ended = task("grpo", "FAILED" if state == "FAILED" else "SUCCEEDED", error={"code": 13, "message": "out of memory"})
    moves(
        server,
        {"state": "PENDING"},
        with_tasks("RUNNING", task("root", "RUNNING"), task("ingest-driver", "SUCCEEDED"), task("ingest", "RUNNING")),
        with_tasks("CANCELING" if state == "CANCELED" else "RUNNING", task("ingest", "SUCCEEDED")),
        with_tasks(state, task("ingest", "SUCCEEDED"), ended),
    )
    done = rlvr("wait", "run-7", "--poll", "0.01")
    assert done.exit_code == code, done.output
    assert words in done.output and done.output.count("ingest") == 1 and "1:05" in done.output
    assert "driver" not in done.output and "root" not in done.output
    assert ("out of memory" in done.output) is True


def test_a_misspelt_command_line_is_told_from_every_end_of_a_run(rlvr):
    from rlvr_pipelines.kubeflow.waiting import EXIT_CODES, STILL_RUNNING

    usage = rlvr("wait", "run-7", "--pol", "1").exit_code
    assert usage == 2 and usage not in {*EXIT_CODES.values(), STILL_RUNNING}


def test_a_wait_of_limited_time_says_that_the_run_goes_on(server, rlvr):
    moves(server, {"state": "RUNNING"})
    done = rlvr("wait", "run-7", "--poll", "0.01", "--timeout", "0.05")
    assert done.exit_code == 3 and "has not ended yet (running)" in done.output


def test_a_wait_outlives_an_api_that_is_away_for_a_moment(server, rlvr, monkeypatch):
    monkeypatch.setattr("rlvr.patience.time.sleep", lambda seconds: None)
    moves(server, {"state": "RUNNING"}, {"state": "SUCCEEDED"})
    server.fail("GET", "/runs/run-7", status=503, times=5)
    server.fail("GET", "/runs/run-7", status=0, times=5)
    assert rlvr("wait", "run-7", "--poll", "0.01").exit_code == 0


def test_an_unknown_run_is_told(rlvr):
    done = rlvr("wait", "run-8")
    assert isinstance(done.exception, RlvrError) and "404 (run-8 not found)" in str(done.exception)


def test_cancelling_asks_once_and_not_for_what_has_ended(server, rlvr):
    moves(server, {"state": "RUNNING"})
    assert "is being cancelled" in rlvr("cancel", "run-7").output
    assert len(server.asked("POST", "/runs/run-7:terminate")) == 1
    moves(server, {"state": "SUCCEEDED"})
    assert "has ended already (succeeded)" in rlvr("cancel", "run-7").output
    assert len(server.asked("POST", "/runs/run-7:terminate")) == 1


def test_what_cannot_fit_is_not_submitted_unless_it_is_told_to(server, rlvr, lock):
    arguments = ("submit", "kimi_vl_thinking/dpo", "--lock", str(lock))
    refused = rlvr(*arguments)
    assert isinstance(refused.exception, RlvrError) and "dpo needs" in str(refused.exception)
    assert "where h100-80 has 79" in str(refused.exception) and not server.requests
    assert rlvr(*arguments, "--skip-fit").exit_code == 0 and len(server.runs) == 1


def test_submit_prints_what_a_script_and_a_person_need(server, rlvr, lock, compiled_once, monkeypatch):
    monkeypatch.setattr("rlvr_pipelines.kubeflow.package.package", compiled_once)
    arguments = ("submit", "r1_vlm", "--lock", str(lock), "--seed", "2", "--promote")
    first = rlvr(*arguments, "--json")
    told = json.loads(first.stdout)
    assert told["new"] and told["page"] == f"{server.url}/#/runs/details/{told['run_id']}"
    assert server.runs[told["run_id"]]["runtime_config"]["parameters"]["seed"] == 2
    server.on_run_read = lambda run: run.update(state="FAILED")
    second = rlvr(*arguments, "--wait")
    assert f"{told['run_id']} {told['name']} (already there, pending; --again starts another)" in second.output
    assert f"version {told['version']} (already there)" in second.output and second.exit_code == 1
    spec = next(iter(server.versions.values()))["pipeline_spec"]
    assert any(
        "promote" in component["dag"]["tasks"] for component in spec["components"].values() if "dag" in component
    )
