"""Whatever is done to artifacts or statements behind the auditor's back is caught and named; a clean store passes."""

import base64
import json
import shutil

import pytest

from rlvr.lineage import ledger
from rlvr.lineage.audit import gaps, verify
from rlvr.lineage.keys import make_key, read_signer, trusted


def kinds(verdict):
    return {finding.kind for finding in verdict.findings if finding.severity == "failure"}


def writable(path):
    for each in [path, *path.rglob("*")] if path.is_dir() else [path]:
        each.chmod(0o755 if each.is_dir() else 0o644)
    return path


def test_a_clean_store_passes(story):
    verdict = verify(story.store, story.history(), trusted(), story.digests["model"])
    assert (verdict.findings, verdict.passed, verdict.statements) == ((), True, 6)
    assert verdict.checked == 5  # model, base, accepted, verdict, rows
    assert verdict.licences == {"built by this package": ["checkpoint"], "cc-by-4.0": ["sums"]}
    assert gaps(story.store, story.history()) == []


def edited(folder):
    (folder / "content.txt").write_text("THE CONTENT OF " + folder.name)


def renamed(folder):
    (folder / "content.txt").rename(folder / "other.txt")


def extra(folder):
    (folder / "extra.txt").write_text("more")


def missing(folder):
    (folder / "content.txt").unlink()


@pytest.mark.parametrize("change", [edited, renamed, extra, missing])
@pytest.mark.parametrize("name", ["model", "rows"])
def test_changed_files_of_the_artifact_or_of_anything_behind_it(story, change, name):
    change(writable(story.store.root / "artifacts" / story.digests[name]))
    verdict = verify(story.store, story.history(), trusted(), story.digests["model"])
    (finding,) = [finding for finding in verdict.findings if finding.severity == "failure"]
    assert (finding.kind, finding.what) == ("bytes", story.digests[name])


def test_a_forged_record_is_named_by_its_number(story):
    path = story.document(5)
    envelope = json.loads(path.read_text())
    payload = base64.b64decode(envelope["payload"]).replace(b'"steps":3', b'"steps":9')
    path.write_text(json.dumps({**envelope, "payload": base64.b64encode(payload).decode()}))
    verdict = verify(story.store, story.history(), trusted(), story.digests["model"])
    assert kinds(verdict) == {"signature", "no statement", "history"}
    assert any(finding.what == ledger.key(5) and "machine" in finding.message for finding in verdict.findings)


def test_a_statement_by_a_key_that_nobody_trusts(story, tmp_path, monkeypatch):
    make_key(tmp_path / "elsewhere" / "stranger.pem")
    monkeypatch.setenv("RLVR_SIGNING_KEY", str(tmp_path / "elsewhere" / "stranger.pem"))
    story.artifact("other", "made by a stranger")
    story.stage("grpo", {"rows": "accepted"}, {"model": "other"})
    verdict = verify(story.store, story.history(), trusted(), story.digests["other"])
    assert kinds(verdict) == {"key", "no statement"}
    assert "not among the 1 trusted" in [finding.message for finding in verdict.findings if finding.kind == "key"][0]


def test_a_statement_repeated_at_another_place(story):
    shutil.copy(story.document(4), story.document(7))
    assert kinds(verify(story.store, story.history(), trusted(), story.digests["model"])) == {"order"}


def test_an_envelope_laid_beside_another_subject_says_nothing_about_it(story):
    story.artifact("planted", "not made by any stage")
    verdict = verify(story.store, story.history(), trusted(), story.digests["planted"])
    assert kinds(verdict) == {"no statement"}
    (finding,) = gaps(story.store, story.history())
    assert (finding.kind, finding.what) == ("no statement", story.digests["planted"])


def test_a_swapped_data_set_has_no_statement(story):
    story.artifact("swapped", "other rows")
    story.artifact("second", "a model trained on them")
    story.stage("grpo", {"rows": "swapped", "base": "base"}, {"model": "second"})
    verdict = verify(story.store, story.history(), trusted(), story.digests["second"])
    (finding,) = verdict.findings
    assert (finding.kind, finding.what) == ("unexplained input", story.digests["swapped"])


def test_swapped_manifests_are_damage(story):
    manifests = story.store.root / "manifests"
    ours, other = (manifests / f"{story.digests[name]}.json" for name in ("model", "rows"))
    ours.write_text(other.read_text())
    assert kinds(verify(story.store, story.history(), trusted(), story.digests["model"])) == {"bytes"}


@pytest.mark.parametrize("index", [1, 3, 5])
def test_a_deleted_statement_is_missed(story, index):
    story.document(index).unlink()
    verdict = verify(story.store, story.history(), trusted(), story.digests["model"])
    assert "statement missing" in kinds(verdict)
    assert any(finding.what == ledger.key(index) for finding in verdict.findings)


def test_reordered_history(story):
    first, second = (story.document(index).read_text() for index in (3, 4))
    story.document(3).write_text(second)
    story.document(4).write_text(first)
    verdict = verify(story.store, story.history(), trusted(), story.digests["model"])
    assert [finding.what for finding in verdict.findings if finding.kind == "order"] == [ledger.key(3), ledger.key(4)]


def test_history_rewritten_by_the_keys_owner_breaks_the_chain(story):
    """Even who holds the key cannot change one statement without signing all that follow again."""
    changed = story.payload(3)
    changed["predicate"]["passedTests"] = ["everything"]
    from rlvr.lineage.envelope import sealed
    from rlvr.lineage.keys import signer

    story.document(3).write_text(sealed(changed, signer()))
    findings = verify(story.store, story.history(), trusted(), story.digests["model"]).findings
    assert [(finding.kind, finding.what) for finding in findings] == [("history", ledger.key(4))]


@pytest.mark.parametrize("note", ["", "{", "[]", '{"index": -3}', '{"index": 1}', '{"index": 1e999}'])
def test_a_lost_note_costs_nothing(story, note):
    story.store.write(ledger.HINT, note, overwrite=True)
    assert story.history().findings == ()
    story.stage("report", {"rows": "rows"}, {"out": "verdict"})
    assert story.history().findings == () and story.history().newest[0] == 7


def test_the_last_statement_is_missed_also_when_another_has_taken_its_place(story):
    story.document(6).unlink()
    assert [(one.kind, one.what) for one in story.history().findings] == [("statement missing", ledger.key(6))]
    story.stage("report", {"rows": "rows"}, {"out": "verdict"})
    story.stage("report again", {"rows": "rows"}, {"out": "verdict"})
    findings = story.history().findings
    assert [(one.kind, one.what) for one in findings] == [("statement missing", ledger.key(6))]
    assert "told of 6 statements" in findings[0].message


def test_the_same_work_is_told_once_and_other_results_of_it_again(story):
    story.stage("evaluate", {"model": "model"}, {"predictions": "predictions"})
    assert story.history().newest[0] == 6
    story.artifact("differing", "other predictions")
    story.stage("evaluate", {"model": "model"}, {"predictions": "differing"})
    assert story.history().newest[0] == 7


def test_who_writes_second_takes_the_next_place(story, monkeypatch):
    last = ledger._last
    monkeypatch.setattr(ledger, "_last", lambda store: last(store) - 1)
    story.stage("report", {"rows": "rows"}, {"out": "verdict"})
    assert story.history().findings == () and story.history().newest[0] == 7


def test_people_sign_approvals_and_nothing_else(story, tmp_path, monkeypatch):
    from rlvr.lineage.keys import signer
    from rlvr.lineage.statement import Resource, approval

    person = tmp_path / "keys" / "approvers" / "ada.pem"
    make_key(person)
    about = Resource(name="model", digest={"sha256": story.digests["model"]})
    said = approval(about, "ada", "looks right", ["reviewed"], "2026-01-02T00:00:00Z")
    ledger.append(story.store, said, read_signer(person))
    assert story.history().entries[-1].trust == "approver"
    monkeypatch.setenv("RLVR_SIGNING_KEY", str(person))
    assert signer() is read_signer(person)
    story.stage("grpo", {"rows": "accepted"}, {"model": "model"})
    assert [finding.kind for finding in story.history().findings] == ["key"]


def test_a_record_that_promises_what_nobody_signed_is_a_gap(story):
    """The next run would take its results from there."""
    from rlvr.lineage.graph import Graph, work_of

    maker = Graph(story.history().entries).makers[story.digests["model"]][0]
    name = f"records/{work_of(maker)}.json"
    story.store.write(name, json.dumps({"outputs": {"model": story.digests["model"]}}))
    assert gaps(story.store, story.history()) == []
    story.store.write(name, json.dumps({"outputs": {"model": story.digests["base"]}}), overwrite=True)
    (finding,) = gaps(story.store, story.history())
    assert (finding.kind, finding.what, finding.severity) == ("record", name, "failure")
    story.store.write(name, "{", overwrite=True)
    assert gaps(story.store, story.history()) == []
