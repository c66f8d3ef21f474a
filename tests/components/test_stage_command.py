"""A stage as a command: what it refuses, and that it calls the component with files and typed parameters."""

import subprocess
import sys

import pytest

from rlvr.errors import RlvrError
from rlvr.stages import command
from rlvr.stages.grpo import grpo
from rlvr.stages.report import report


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["grbo"], "There is no stage 'grbo'"),
        (["images"], "There is no stage 'images'"),
        (["grpo", "--parameter", "sead=1"], "Stage grpo knows no 'sead'; it knows store, seed"),
        (["grpo", "--input", "row=/a"], "Stage grpo knows no 'row'"),
        (["grpo", "--output", "models=/a"], "Stage grpo knows no 'models'; it knows model, log"),
        (["grpo", "--parameter", "seed"], "'seed' is not of the form NAME=VALUE"),
        (["grpo", "--parameter", "seed=one"], "seed is 'one'; it is a whole number"),
    ],
)
def test_what_cannot_be_called_is_said(arguments, message, capsys):
    assert command.main(arguments) == command.FINAL
    assert message in capsys.readouterr().err


def test_parameters_have_types_and_artifacts_are_files(monkeypatch, tmp_path):
    called = {}
    monkeypatch.setattr(grpo, "python_func", lambda **given: called.update(given))
    out = tmp_path / "deep/model"
    words = ["grpo", "--parameter", "seed=3", "--parameter", 'stage={"a":"b=c"}', "--input", "start=/in/start"]
    assert command.main([*words, "--output", f"model={out}"]) == 0
    assert (called["seed"], called["stage"], called["start"].path) == (3, '{"a":"b=c"}', "/in/start")
    assert called["model"].path == str(out) and out.parent.is_dir() and "previous" not in called


def test_an_input_that_is_a_list_is_given_several_times(monkeypatch, tmp_path):
    called = {}
    monkeypatch.setattr(report, "python_func", lambda **given: called.update(given))
    words = ["report", "--input", "before=/a", "--input", "before=/b", "--input", "after=/c"]
    assert command.main([*words, "--output", f"metrics={tmp_path}/m"]) == 0
    assert [artifact.path for artifact in called["before"]] == ["/a", "/b"]
    assert [artifact.path for artifact in called["after"]] == ["/c"]
    called["metrics"].log_metric("gain", 1.0)


@pytest.mark.parametrize(("may_pass", "code"), [(False, 65), (True, 75)])
def test_a_stage_s_own_error_is_one_line_and_says_whether_it_may_pass(may_pass, code, monkeypatch, capsys):
    def fails(**given):
        raise RlvrError("Row 7 has no picture.", may_pass=may_pass)

    monkeypatch.setattr(grpo, "python_func", fails)
    assert command.main(["grpo"]) == code
    assert capsys.readouterr().err == "rlvr: Row 7 has no picture.\n"


def test_it_is_a_command(tmp_path):
    missing = tmp_path / "rows"
    words = ["verify", f"--parameter=store={tmp_path}/store", "--parameter=tasks=[]", "--parameter=limits={}"]
    words += [f"--input=rows={missing}", f"--input=tests={missing}"]
    words += [f"--output={name}={tmp_path}/out/{name}" for name in ("accepted", "verdict", "page")]
    ran = subprocess.run(
        [sys.executable, "-m", "rlvr.stages.command", *words], capture_output=True, text=True, timeout=200, check=False
    )
    assert ran.returncode == command.FINAL and f"{missing} is not a manifest" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert not (tmp_path / "out/verdict").exists()
