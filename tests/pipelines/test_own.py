"""Own data, base, rewards and settings: what becomes of the method, what is recorded, what is refused."""

import sys

import pytest

from rlvr.errors import RlvrError
from rlvr.method import Method
from rlvr_pipelines.methods import METHODS
from rlvr_pipelines.own import with_own
from rlvr_pipelines.profiles import profile

BRIEF = "def brief(completions, **columns):\n    return [float(len(text) < 40) for text in completions]\n"


@pytest.fixture
def own_reward(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.path", [*__import__("sys").path])
    monkeypatch.setenv("PYTHONPATH", "")
    (tmp_path / "my_rewards_for_test.py").write_text(BRIEF)
    return tmp_path / "my_rewards_for_test.py"


def test_rows_and_columns_of_ones_own():
    sized = with_own(profile("laptop"), data="mine", columns="problem=question, solution=answer", base="checkpoint")
    run = sized.scaled(METHODS["r1_v"])
    source = run.tasks[0].source
    assert (source.location, source.limit, source.files) == ("mine", None, "*")
    assert with_own(profile("laptop"), data="d", files="*").scaled(METHODS["videochat_r1"]).tasks[0].source.read is None
    assert source.rename == {"problem": "question", "solution": "answer"}
    assert run.backbone.location == "checkpoint"
    changed = {change["field"] for change in sized.own_changes(METHODS["r1_v"])}
    assert {"tasks.counting.source.location", "tasks.counting.source.rename.problem", "backbone.location"} <= changed
    assert "stages.grpo.group_size" not in changed  # the profile's, not the user's
    assert profile("laptop").own_changes(METHODS["r1_v"]) == []


def test_a_reward_of_ones_own_is_added_with_its_weight_and_digest(own_reward):
    sized = with_own(profile("laptop"), rewards=[f"{own_reward}:brief=0.5"])
    reward = sized.scaled(METHODS["r1_v"]).tasks[0].rewards[-1]
    assert (reward.name, reward.weight, len(reward.code)) == ("my_rewards_for_test.brief", 0.5, 64)
    assert reward.function(["short", "long" * 20]) == [1.0, 0.0]
    run = sized.scaled(METHODS["r1_v"])
    assert Method.from_json(run.to_json()) == run
    assert any("rewards" in change["field"] for change in sized.own_changes(METHODS["r1_v"]))


def test_weights_change_by_the_function_s_name():
    run = with_own(profile("laptop"), settings=["tasks.*.rewards.fullmatch.weight=0.25"]).scaled(METHODS["r1_v"])
    assert [reward.weight for reward in run.tasks[0].rewards] == [1.0, 0.25]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"columns": "problem"}, "UPSTREAM=YOURS"),
        ({"rewards": ["brief"]}, "MODULE:FUNCTION"),
        ({"rewards": ["nowhere.py:brief"]}, "there is no file nowhere.py"),
        ({"rewards": ["rlvr.nowhere:brief"]}, "There is no function"),
        ({"rewards": ["rlvr.rewards.digits:correctness=much"]}, "'much' of .* is not a number"),
        ({"rewards": ["rlvr.rewards.digits:score"]}, "must have the form `def score"),
    ],
)
def test_what_is_refused(given, message):
    with pytest.raises(RlvrError, match=message):
        with_own(profile("laptop"), **given)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("def brief(completions, **columns)\n", "SyntaxError in line 1: expected ':'"),
        ("\n1 / 0\n", "ZeroDivisionError in line 2"),
    ],
)
def test_a_file_of_rewards_that_cannot_be_imported_is_named_with_the_line(tmp_path, monkeypatch, code, message):
    monkeypatch.setattr("sys.path", [*sys.path])
    monkeypatch.setenv("PYTHONPATH", "")
    file = tmp_path / f"broken_{len(code)}.py"
    file.write_text(code)
    with pytest.raises(RlvrError, match=rf"broken_\d+\.py cannot be imported: {message}"):
        with_own(profile("laptop"), rewards=[f"{file}:brief"])


@pytest.mark.parametrize(
    ("setting", "nearest"),
    [
        ("stages.grpo.sampling.temprature=1", "temperature"),
        ("stages.gropo.steps=3", "grpo"),
        ("tasks.counting.rewards.fulmatch.weight=1", "fullmatch"),
    ],
)
def test_wrong_paths_suggest_the_nearest_name(setting, nearest):
    with pytest.raises(RlvrError, match=f"Did you mean '{nearest}'"):
        with_own(profile("laptop"), settings=[setting]).scaled(METHODS["r1_v"])
