"""`rlvr audit` on a small store: what each command prints, and the exit codes that CI relies on."""

import json

import pytest
from typer.testing import CliRunner

from lineage_story import Story
from rlvr.lineage.keys import make_key
from rlvr.lineage.record import Telling
from rlvr.lineage.statement import Checked, Resource
from rlvr_pipelines.cli import app


@pytest.fixture
def store(tmp_path, monkeypatch):
    """rows -> model, with a passed check about the rows."""
    for name, value in (
        ("RLVR_STORE", tmp_path / "store"), ("XDG_CONFIG_HOME", tmp_path / "configuration"), ("COLUMNS", "200")
    ):  # fmt: skip
        monkeypatch.setenv(name, str(value))
    story = Story.begin(tmp_path, monkeypatch)
    for name in ("rows", "model", "other"):
        story.artifact(name, name)
    source = Resource(name="sums", uri="synthetic:sums", annotations={"licence": "MIT"})
    good = Checked(result="PASSED", passed=("bounds",))
    told = Telling(origins=lambda *_: [source], outcome=lambda *_: good, about="out")
    story.stage("ingest", {}, {"out": "rows"}, told)
    story.stage("grpo", {"rows": "rows"}, {"model": "model"})
    story.stage("grpo", {"rows": "rows"}, {"model": "other"}, steps=9)
    return story.store, story.digests


def run(*arguments):
    return CliRunner().invoke(app, ["audit", *map(str, arguments)], catch_exceptions=False)


def test_verify_passes_draws_a_page_and_fails_on_an_edited_byte(store, tmp_path):
    kept, digests = store
    page = tmp_path / "page.html"
    done = run("verify", digests["model"][:8], "--html", page)
    assert done.exit_code == 0 and "stands up: 4 statements checked, the bytes of 2 artifacts" in done.stdout
    text = page.read_text()
    assert "It stands up" in text and "<script" not in text and "synthetic:sums" in text
    path = kept.root / "artifacts" / digests["rows"] / "content.txt"
    path.chmod(0o644)
    path.write_text("ROWS")
    done = run("verify", digests["model"], "--json")
    told = json.loads(done.stdout)
    assert done.exit_code == 1 and not told["passed"]
    assert [finding["kind"] for finding in told["findings"]] == ["bytes"]


def test_a_policy_is_asked_and_an_approval_meets_it(store, tmp_path):
    _, digests = store
    policy = tmp_path / "policy.toml"
    policy.write_text('allowed_licences = ["mit"]\nrequired_checks = ["bounds"]\nrequired_approvals = 1\n')
    done = run("verify", digests["model"], "--policy", policy)
    assert done.exit_code == 3 and "0 of 1 required approvals" in done.stdout
    assert "stands up, and does not meet the policy" in done.stdout
    assert run("key", tmp_path / "ada.pem").exit_code == 0
    done = run("approve", digests["model"], "--key", tmp_path / "ada.pem", "--name", "Ada")
    assert done.exit_code == 0 and "not among the approvers" in done.stdout
    (tmp_path / "keys" / "approvers").mkdir()
    (tmp_path / "ada.pub").rename(tmp_path / "keys" / "approvers" / "ada.pub")
    assert run("verify", digests["model"], "--policy", policy).exit_code == 0
    assert "approved by Ada" in run("trace", digests["model"]).stdout
    policy.write_text('trusted_keys = ["somebody-else"]\n')
    done = run("verify", digests["model"], "--policy", policy)
    assert done.exit_code == 3 and "signed by machine, which the policy does not name" in done.stdout
    (tmp_path / "store" / "ledger" / "000000000001.json").unlink()
    assert run("verify", digests["model"], "--policy", policy).exit_code == 1


def test_trace_impact_gaps_and_diff(store, tmp_path):
    kept, digests = store
    traced = run("trace", digests["model"]).stdout
    assert all(part in traced for part in ("grpo made", "ingest made", "PASSED bounds", "synthetic:sums, licence MIT"))
    assert [step["depth"] for step in json.loads(run("trace", digests["model"], "--json").stdout)] == [0, 1]
    assert digests["other"][:12] in run("impact", "mit").stdout
    assert "parameter  steps  3      9" in run("diff", digests["model"], digests["other"]).stdout
    assert run("gaps").exit_code == 0
    (tmp_path / "planted").mkdir()
    (tmp_path / "planted" / "content.txt").write_text("from nowhere")
    planted = kept.put(tmp_path / "planted").digest
    done = run("gaps")
    assert done.exit_code == 1 and planted[:12] in done.stdout


def test_a_store_put_back_to_an_older_state_is_noticed(store):
    kept, digests = store
    assert run("verify", digests["model"]).exit_code == 0
    kept.remove("ledger/000000000004.json")
    done = run("verify", digests["model"])
    assert done.exit_code == 1 and "put back to an older state" in done.stdout


def test_without_the_right_keys_nothing_stands_up(store, tmp_path):
    _, digests = store
    make_key(tmp_path / "others" / "stranger.pem")
    done = run("verify", digests["model"], "--keys", tmp_path / "others")
    assert done.exit_code == 1 and "not among the 1 trusted ones" in done.stdout
