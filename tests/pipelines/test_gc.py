"""`rlvr gc` as a user runs it: a dry run unless told otherwise, and nothing at all on a damaged ledger."""

import json

import pytest
from typer.testing import CliRunner

from lineage_story import Story
from rlvr.lineage.use import note_use
from rlvr_pipelines.cli import app


@pytest.fixture
def store(tmp_path, monkeypatch):
    """rows -> model -> predictions, made long ago, with the record of each."""
    for name, value in (
        ("RLVR_STORE", tmp_path / "store"), ("XDG_CONFIG_HOME", tmp_path / "configuration"), ("COLUMNS", "200")
    ):  # fmt: skip
        monkeypatch.setenv(name, str(value))
    monkeypatch.setattr("rlvr.lineage.record.now", lambda: "2020-01-01T00:00:00.000Z")
    story, works = Story.begin(tmp_path, monkeypatch), {}
    for name, read in (("rows", ()), ("model", ("rows",)), ("predictions", ("model",))):
        story.artifact(name, name)
        works[name] = story.stage(name, {argument: argument for argument in read}, {"out": name})
        outputs = {"out": story.digests[name]}
        story.store.write(f"records/{works[name].key}.json", json.dumps({"outputs": outputs}))
    return story.store, story.digests, works


def run(*arguments):
    return CliRunner().invoke(app, ["gc", *map(str, arguments)])


def test_it_lists_and_removes_only_when_told(store):
    kept, digests, _ = store
    done = run("--keep", digests["model"])
    assert done.exit_code == 0 and digests["predictions"][:12] in done.stdout
    assert "1 artifact of 11 bytes could be removed; --delete removes them." in done.stdout
    assert all(kept.has(digest) for digest in digests.values())
    done = run("--keep", digests["model"][:10], "--delete", "--json")
    assert [one["digest"] for one in json.loads(done.stdout)] == [digests["predictions"]]
    assert [kept.has(digest) for digest in digests.values()] == [True, True, False]
    assert len(kept.keys("records/")) == 2
    assert run("--keep", digests["model"]).stdout == "Everything here is needed, or was made or used lately.\n"


def test_what_a_stage_uses_today_stays(store):
    kept, digests, works = store
    note_use(kept, works["predictions"])
    assert run("--delete", "--days", "0").exit_code == 0
    assert [kept.has(digest) for digest in digests.values()] == [True, True, False]


def test_nothing_is_removed_on_the_word_of_a_damaged_ledger(store):
    kept, digests, _ = store
    kept.remove("ledger/000000000002.json")
    done = run("--delete")
    assert done.exit_code == 1 and "so nobody can say what may go" in str(done.exception)
    assert all(kept.has(digest) for digest in digests.values())
