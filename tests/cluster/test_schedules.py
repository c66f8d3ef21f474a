"""Schedules as a file, through the real client: planned, applied, applied again without effect, exchanged, pruned."""

import io

import pytest
from kfp_connection import connected
from rich.console import Console

from rlvr.errors import RlvrError
from rlvr_pipelines.schedules.apply import apply
from rlvr_pipelines.schedules.comparison import compare, present, wanted
from rlvr_pipelines.schedules.schedule_file import read_file
from rlvr_pipelines.schedules.view import print_change, summary

WEEKLY = """\
group: retraining
experiment: retraining
schedules:
  - name: digits-weekly
    method: r1_vlm
    store: s3://bucket/rlvr
    seed: 3
    cron: "0 3 * * MON"
  - name: words-hourly
    method: r1_vlm
    store: s3://bucket/rlvr
    every: 12h
    set: {stages.grpo.steps: 20}
    max_concurrency: 2
    catchup: true
    pause: true
"""


@pytest.fixture
def world(server, lock, tmp_path, compiled_once, monkeypatch):
    """Functions that plan and apply a text; both return the changes."""
    monkeypatch.setattr("rlvr_pipelines.schedules.comparison.package", compiled_once)
    path = tmp_path / "schedules.yaml"
    connection = connected(server)

    def planned(text, prune=False):
        path.write_text(text)
        file = read_file(path)
        return file, compare(wanted(file, lock=lock), present(connection, file.group), prune=prune)

    def plan(text, prune=False):
        return planned(text, prune)[1]

    def carry_out(text, prune=False):
        file, changes = planned(text, prune)
        apply(connection, changes, group=file.group, experiment=file.experiment, done=lambda change: None)
        return changes

    return plan, carry_out


def actions(changes):
    return {change.name: change.action for change in changes}


def shown(changes):
    console = Console(file=io.StringIO(), width=200)
    for change in changes:
        print_change(change, console)
    return console.file.getvalue() + summary(changes, done=False)


def by_name(server):
    return {one["display_name"]: one for one in server.recurring.values()}


def test_the_first_apply_creates_and_the_second_changes_nothing(server, world):
    plan, carry_out = world
    assert actions(plan(WEEKLY)) == {"digits-weekly": "create", "words-hourly": "create"}
    assert server.asked("POST") == []
    carry_out(WEEKLY)
    made = by_name(server)
    assert made["digits-weekly"]["trigger"] == {"cron_schedule": {"cron": "0 0 3 * * MON"}}
    assert made["digits-weekly"]["runtime_config"]["parameters"] == {"store": "s3://bucket/rlvr", "seed": 3}
    assert (made["digits-weekly"]["status"], made["digits-weekly"]["no_catchup"]) == ("ENABLED", True)
    hourly = made["words-hourly"]
    assert hourly["trigger"] == {"periodic_schedule": {"interval_second": "43200"}}
    assert (hourly["status"], hourly["no_catchup"], hourly["max_concurrency"]) == ("DISABLED", False, "2")
    asked = len(server.asked("POST"))
    assert actions(plan(WEEKLY)) == actions(carry_out(WEEKLY)) == dict.fromkeys(made, "unchanged")
    assert len(server.asked("POST")) == asked and server.asked("DELETE") == []


def test_a_change_is_shown_and_exchanged_so_that_both_never_run(server, world):
    plan, carry_out = world
    carry_out(WEEKLY)
    old = by_name(server)["digits-weekly"]["recurring_run_id"]
    changed = WEEKLY.replace("0 3 * * MON", "30 4 * * *").replace("seed: 3", "seed: 4")
    text = shown(plan(changed))
    assert "when: cron 0 0 3 * * MON -> cron 0 30 4 * * *" in text and "parameters.seed: 3 -> 4" in text
    assert "0 to create, 1 to change, 0 to prune, 1 unchanged." in text and "drift" not in text
    before = len(server.requests)
    carry_out(changed)
    new = by_name(server)["digits-weekly"]["recurring_run_id"]
    steps = [(m, path) for m, path, _, _ in server.requests[before:] if m != "GET" and path.startswith("/recurring")]
    assert steps == [
        ("POST", "/recurringruns"),
        ("POST", f"/recurringruns/{old}:disable"),
        ("POST", f"/recurringruns/{new}:enable"),
        ("DELETE", f"/recurringruns/{old}"),
    ]
    assert server.recurring[new]["status"] == "ENABLED" and old not in server.recurring


def test_a_changed_pipeline_is_a_new_version(server, world):
    plan, carry_out = world
    carry_out(WEEKLY)
    (change,) = [one for one in plan(WEEKLY.replace("steps: 20", "steps: 21")) if one.action == "change"]
    assert [name for name, _, _ in change.fields] == ["version"]


def test_pausing_is_done_in_place(server, world):
    _, carry_out = world
    carry_out(WEEKLY)
    before = set(server.recurring)
    carry_out(WEEKLY.replace("pause: true", "pause: false"))
    assert set(server.recurring) == before and by_name(server)["words-hourly"]["status"] == "ENABLED"


def test_what_somebody_else_changed_is_seen_and_put_right(server, world):
    plan, carry_out = world
    carry_out(WEEKLY)
    by_name(server)["digits-weekly"]["max_concurrency"] = "7"
    by_name(server)["words-hourly"]["status"] = "ENABLED"
    text = shown(plan(WEEKLY))
    assert "max_concurrency: 7 -> 1" in text and "drift:" in text and "paused: false -> true" in text
    carry_out(WEEKLY)
    assert set(actions(plan(WEEKLY)).values()) == {"unchanged"}
    server.recurring.pop(by_name(server)["digits-weekly"]["recurring_run_id"])
    assert actions(plan(WEEKLY))["digits-weekly"] == "create"


def test_only_ours_are_pruned_and_only_when_asked(server, world):
    plan, carry_out = world
    carry_out(WEEKLY)
    carry_out(WEEKLY.replace("group: retraining", "group: another"))
    one = next(iter(server.recurring.values()))
    server.recurring["by-hand"] = {**one, "recurring_run_id": "by-hand", "description": "made by hand"}
    short = WEEKLY[: WEEKLY.index("  - name: words")]
    assert actions(carry_out(short)) == {"digits-weekly": "unchanged", "words-hourly": "keep"}
    assert len(server.recurring) == 5
    assert actions(carry_out(short, prune=True))["words-hourly"] == "prune"
    assert len(server.recurring) == 4 and "by-hand" in server.recurring
    assert actions(plan(short, prune=True)) == {"digits-weekly": "unchanged"}


@pytest.mark.parametrize("path", ["/recurringruns", "/recurringruns/.*:disable", "/recurringruns/.*:enable"])
def test_an_exchange_that_breaks_off_leaves_one_running_and_is_finished_by_the_next(server, world, path):
    plan, carry_out = world
    carry_out(WEEKLY)
    changed = WEEKLY.replace("seed: 3", "seed: 5")
    server.fail("POST", path, status=403, times=1)
    with pytest.raises(RlvrError, match="403"):
        carry_out(changed)
    ours = [one for one in server.recurring.values() if one["display_name"] == "digits-weekly"]
    assert [one["status"] for one in ours].count("ENABLED") == 1
    carry_out(changed)
    (left,) = [one for one in server.recurring.values() if one["display_name"] == "digits-weekly"]
    assert (left["status"], left["runtime_config"]["parameters"]["seed"]) == ("ENABLED", 5)
    assert set(actions(plan(changed)).values()) == {"unchanged"}


def test_a_lost_answer_creates_no_second_recurring_run(server, world):
    _, carry_out = world
    server.fail("POST", "/recurringruns", status=0, done=True)
    carry_out(WEEKLY)
    assert len(server.recurring) == 2
    server.fail("DELETE", "/recurringruns/.*", status=0, done=True)
    carry_out(WEEKLY.replace("seed: 3", "seed: 6"))
    assert len(server.recurring) == 2


WRONG = {
    "metod: r1_vlm": (5, "schedules[0].metod: there is no such field. Did you mean 'method'?"),
    "method: r1_vlmm": (5, "schedules[0].method: there is no method 'r1_vlmm'. Did you mean 'r1_vlm'?"),
    "method: r1_vlm\n    profile: clutser": (6, "there is no profile 'clutser'. Did you mean 'cluster'?"),
    "method: r1_vlm\n    catchup: 1": (6, "schedules[0].catchup: 1 is not true or false."),
    "method: r1_vlm\n    every: 1h": (4, "either cron or every"),
    "method: r1_vlm\n    method: r1_v": (6, "the key 'method' stands here a second time"),
    "method: &a r1_vlm": (5, "anchors and aliases are not read"),
    "method: r1_vlm\n    start: tomorrow": (6, "'tomorrow' is not a time"),
    "method: r1_vlm\n    max_concurrency: 11": (6, "Kubeflow allows 1 to 10"),
    "method: r1_vlm\n   seed: 1": (6, "this is not YAML"),
    "method: !!python/object:os.system x": (5, "cannot be read as data"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_mistakes_are_named_with_their_line(tmp_path, wrong):
    path = tmp_path / "schedules.yaml"
    path.write_text(WEEKLY.replace("method: r1_vlm", wrong, 1))
    line, message = WRONG[wrong]
    with pytest.raises(RlvrError) as raised:
        read_file(path)
    assert str(raised.value).startswith(f"{path}, line {line}: ") and message in str(raised.value)


@pytest.mark.parametrize(
    "cron", ["* * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 7", "5-1 * * * *", "*/0 * * * *"]
)
def test_cron_expressions_are_checked(cron):
    from rlvr_pipelines.schedules.cron import cron as read

    with pytest.raises(RlvrError):
        read(cron)
    assert read("*/5 8-17 ? JAN,MAR 1-5") == "0 */5 8-17 ? JAN,MAR 1-5"


def test_a_wrong_setting_names_its_schedule(tmp_path, lock, compiled_once, monkeypatch):
    monkeypatch.setattr("rlvr_pipelines.schedules.comparison.package", compiled_once)
    path = tmp_path / "schedules.yaml"
    path.write_text(WEEKLY.replace("stages.grpo.steps", "stages.grpo.stepps"))
    with pytest.raises(RlvrError, match="Schedule words-hourly: .*Did you mean 'steps'"):
        wanted(read_file(path), lock=lock)


def test_what_cannot_fit_is_not_scheduled_unless_it_is_told_to(tmp_path, lock, compiled_once, monkeypatch):
    monkeypatch.setattr("rlvr_pipelines.schedules.comparison.package", compiled_once)
    path = tmp_path / "schedules.yaml"
    path.write_text(WEEKLY.replace("r1_vlm", "vl_rethinker/72b", 1).partition("  - name: words")[0])
    file = read_file(path)
    with pytest.raises(RlvrError, match=r"Schedule digits-weekly: vl_rethinker/72b does not fit\.(.|\n)*--skip-fit"):
        wanted(file, lock=lock)
    (found,) = wanted(file, lock=lock, skip_fit=True)
    assert found.package.pipeline == "rlvr-vl-rethinker-72b"


def test_the_commands_show_the_plan_and_what_was_done(server, lock, tmp_path, compiled_once, monkeypatch):
    from typer.testing import CliRunner

    from rlvr_pipelines.cli import app

    monkeypatch.setattr("rlvr_pipelines.schedules.comparison.package", compiled_once)
    path = tmp_path / "schedules.yaml"
    path.write_text(WEEKLY)

    def rlvr(verb):
        return CliRunner().invoke(app, ["schedule", verb, "-f", str(path), "--lock", str(lock), "--host", server.url])

    assert "Plan: 2 to create, 0 to change, 0 to prune, 0 unchanged." in rlvr("plan").stdout
    assert server.recurring == {}
    assert "Applied: 2 created, 0 changed, 0 pruned, 0 unchanged." in rlvr("apply").stdout
    again = rlvr("apply")
    assert "Applied: 0 created, 0 changed, 0 pruned, 2 unchanged." in again.stdout and again.exit_code == 0
