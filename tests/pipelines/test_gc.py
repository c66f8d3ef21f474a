"""`rlvr gc` as a user runs it: a dry run unless told otherwise, and nothing at all on a damaged ledger."""

import json

import pytest
from typer.testing import CliRunner

from rlvr.launch.work import Work
from rlvr.lineage.keys import make_key
from rlvr.lineage.record import Telling, attest
from rlvr.lineage.use import note_use
from rlvr.store import LocalStore
from rlvr_pipelines.cli import app


@pytest.fixture
def store(tmp_path, monkeypatch):
    """rows -> model -> predictions, made long ago, with the record of each."""
    make_key(tmp_path / "keys" / "machine.pem")
    for name, value in (
        ("RLVR_SIGNING_KEY", tmp_path / "keys" / "machine.pem"), ("RLVR_TRUSTED_KEYS", tmp_path / "keys"),
        ("RLVR_STORE", tmp_path / "store"), ("XDG_CONFIG_HOME", tmp_path / "configuration"), ("COLUMNS", "200"),
    ):  # fmt: skip
        monkeypatch.setenv(name, str(value))
    monkeypatch.setattr("rlvr.lineage.record.now", lambda: "2020-01-01T00:00:00.000Z")
    kept, digests, works = LocalStore(tmp_path / "store"), {}, {}
    for name, read in (("rows", ()), ("model", ("rows",)), ("predictions", ("model",))):
        (tmp_path / name).mkdir()
        (tmp_path / name / "content.txt").write_text(name)
        digests[name] = kept.put(tmp_path / name).digest
        inputs = {argument: digests[argument] for argument in read}
        works[name] = Work(stage="m:f", parameters={}, inputs=inputs, code="d" * 64, label=name, outputs=("out",))
        attest(kept, works[name], outputs={"out": digests[name]}, started="", telling=Telling())
        kept.write(f"records/{works[name].key}.json", json.dumps({"outputs": {"out": digests[name]}}))
    return kept, digests, works


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
