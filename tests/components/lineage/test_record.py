"""What a stage signs of itself: where it ran, in whose words, and only what this process has seen."""

import json
import os
import re

import pytest

from rlvr.errors import RlvrError
from rlvr.launch.work import Work
from rlvr.lineage.audit import verify
from rlvr.lineage.entry import TABLES
from rlvr.lineage.keys import make_key, trusted
from rlvr.lineage.ledger_reader import read_ledger
from rlvr.lineage.pipeline_digest import UNKNOWN, pipeline_digest, with_digest
from rlvr.lineage.pod_note import leave_note, read_note
from rlvr.lineage.record import Telling, attest
from rlvr.provenance import compute, perform
from rlvr.store import LocalStore


class Kept:
    """What Kubeflow hands to a component."""

    def __init__(self, path):
        self.path, self.metadata = str(path), {}


def write(*, text, out):
    (out / "rows.parquet").write_text(text)
    (out / "more.txt").write_text(text)


@pytest.fixture
def store(tmp_path, monkeypatch):
    make_key(tmp_path / "keys" / "machine.pem")
    monkeypatch.setenv("RLVR_SIGNING_KEY", str(tmp_path / "keys" / "machine.pem"))
    monkeypatch.setenv("RLVR_TRUSTED_KEYS", str(tmp_path / "keys"))
    return LocalStore(tmp_path / "store")


def run(store, tmp_path, text="a"):
    made = Kept(tmp_path / "out.json")
    perform(write, store=store.url, inputs={}, outputs={"out": made}, parameters={"text": text})
    return made


def said(store):
    """The statements of the ledger, as somebody who trusts the machine reads them."""
    history = read_ledger(store, trusted())
    assert history.findings == ()
    return [entry.statement for entry in history.entries]


def test_a_statement_tells_machine_run_pipeline_image_and_where_rows_can_be_looked_for(store, tmp_path, monkeypatch):
    monkeypatch.setenv("RLVR_RUN", "run-7")
    monkeypatch.setenv("RLVR_METHOD", "r1_v/geometry")
    monkeypatch.setenv("RLVR_PIPELINE", f"sha256:{'7' * 64}")
    monkeypatch.setenv("RLVR_IMAGE", f"registry.example/rlvr-data@sha256:{'1' * 64}")
    made = run(store, tmp_path)
    (statement,) = said(store)
    predicate = statement["predicate"]
    environment = predicate["buildDefinition"]["internalParameters"]
    assert environment["processors"] == len(os.sched_getaffinity(0)) and "processor" in environment
    read = {one["name"]: one["digest"] for one in predicate["buildDefinition"]["resolvedDependencies"]}
    assert read["pipeline"] == {"sha256": "7" * 64} and read["image"] == {"sha256": "1" * 64}
    assert re.fullmatch(r"run-7/[0-9a-f]{64}", predicate["runDetails"]["metadata"]["invocationId"])
    assert predicate["buildDefinition"]["externalParameters"]["method"] == "r1_v/geometry"
    assert statement["subject"][0]["annotations"] == {"bytes": 2, "files": 2, TABLES: ["rows.parquet"]}
    assert made.metadata["statement"] == 1.0


def test_the_statement_is_signed_before_the_store_remembers(store, tmp_path, monkeypatch):
    def die(self, key, text, *, overwrite=False):
        if key.startswith("records/"):
            raise KeyboardInterrupt
        written(self, key, text, overwrite=overwrite)

    written = LocalStore.write
    with monkeypatch.context() as patch:
        patch.setattr(LocalStore, "write", die)
        with pytest.raises(KeyboardInterrupt):
            run(store, tmp_path)
    assert len(said(store)) == 1 and store.keys("records/") == []
    run(store, tmp_path)
    assert len(said(store)) == 1, "the same work with the same results is signed once"


def test_a_record_that_was_changed_is_refused(store, tmp_path):
    """Who can write to the store cannot have a stage sign for a model of theirs."""
    run(store, tmp_path)
    (name,) = store.keys("records/")
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "rows.parquet").write_text("theirs")
    theirs = store.put(tmp_path / "theirs").digest
    record = json.loads(store.read(name))
    store.write(name, json.dumps({**record, "outputs": {"out": theirs}}), overwrite=True)
    with pytest.raises(RlvrError, match=r"promises other results than statement 1 says were made"):
        run(store, tmp_path)
    store.remove(name.replace("records/", "attested/"))
    run(store, tmp_path)
    statement = said(store)[-1]
    assert statement["predicate"]["buildDefinition"]["internalParameters"]["recalled"] is True
    findings = verify(store, read_ledger(store, trusted()), trusted(), theirs).findings
    assert [(one.kind, one.severity) for one in findings] == [("recalled", "warning")]


def test_what_a_training_pod_did_is_told_in_its_words(store, monkeypatch):
    """The launching stage signs; machine and times are those of the pod, and it says so."""
    work = Work(
        stage=f"{__name__}:write", parameters={"text": "a"}, inputs={}, code="d" * 64, label="grpo", outputs=("out",)
    )
    with monkeypatch.context() as pod:
        pod.setattr("rlvr.lineage.machine._processor", lambda: "a processor of the training pod")
        pod.setattr("rlvr.lineage.pod_note.socket.gethostname", lambda: "grpo-1f-1-node-0-0")
        pod.setenv("PET_NNODES", "2")
        pod.delenv("RLVR_SIGNING_KEY")
        compute(write, store, work)
    outputs = json.loads(store.read(f"records/{work.key}.json"))["outputs"]
    attest(store, work, outputs=outputs, started="2026-01-01T00:00:00Z", telling=Telling(), source="launched")
    (statement,) = said(store)
    environment = statement["predicate"]["buildDefinition"]["internalParameters"]
    assert environment["processor"] == "a processor of the training pod"
    told = {name: environment[name] for name in ("told_by", "pod", "pods")}
    assert told == {"told_by": "the training pod", "pod": "grpo-1f-1-node-0-0", "pods": 2}
    note = read_note(store, work.key)
    metadata = statement["predicate"]["runDetails"]["metadata"]
    assert (metadata["startedOn"], metadata["finishedOn"]) == (note["started"], note["finished"])


def test_without_a_note_nobody_elses_machine_is_claimed(store):
    work = Work(stage="m:grpo", parameters={}, inputs={}, code="d" * 64, label="grpo", outputs=())
    leave_note(store, work, started="", finished="")
    store.write(f"executions/{work.key}.json", '{"environment": 7}', overwrite=True)
    assert read_note(store, work.key) is None
    run_digest = store.put(_folder(store)).digest
    attest(store, work, outputs={"model": run_digest}, started="", telling=Telling(), source="launched")
    environment = said(store)[0]["predicate"]["buildDefinition"]["internalParameters"]
    assert environment == {"told_by": "the launching stage, which does not know the machine that did it"}


def _folder(store):
    folder = store.root.parent / "model"
    folder.mkdir()
    (folder / "content.txt").write_text("weights")
    return folder


def test_a_pod_without_a_key_is_warned_before_it_works(store, tmp_path, monkeypatch, capsys):
    run(store, tmp_path)
    assert "warning" not in capsys.readouterr().err
    monkeypatch.delenv("RLVR_SIGNING_KEY")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home of the pod"))
    run(store, tmp_path, "b")
    said = capsys.readouterr().err
    assert "RLVR_SIGNING_KEY is not set" in said and "manifests/templates/signing-key.yaml" in said


def test_a_key_that_cannot_be_read_ends_a_stage_before_it_works(store, tmp_path, monkeypatch):
    monkeypatch.setenv("RLVR_SIGNING_KEY", str(tmp_path / "nowhere.pem"))
    with pytest.raises(RlvrError, match="signing key .* cannot be read"):
        run(store, tmp_path)
    assert store.keys("") == []


def test_a_pipeline_holds_the_digest_of_what_it_is_without_it():
    blank = f"env:\n- name: RLVR_PIPELINE\n  value: {UNKNOWN}\n- name: A\n  value: b\n".encode() * 2
    made = with_digest(blank)
    assert UNKNOWN.encode() not in made and made.count(pipeline_digest(blank).encode()) == 2
    assert pipeline_digest(made) == pipeline_digest(blank) and with_digest(made) == made
    assert pipeline_digest(made.replace(b"value: b", b"value: c")) != pipeline_digest(made)


def test_of_two_that_do_the_same_with_other_results_each_signs_its_own(store, tmp_path, monkeypatch):
    """Training on GPUs is not deterministic: the record is of who wrote it last, a statement of who signs it."""
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "rows.parquet").write_text("theirs")
    theirs = store.put(tmp_path / "theirs").digest

    def overtaken(self, key, text, *, overwrite=False):
        if key.startswith("records/"):
            text = json.dumps({**json.loads(text), "outputs": {"out": theirs}})
        written(self, key, text, overwrite=overwrite)

    written = LocalStore.write
    monkeypatch.setattr(LocalStore, "write", overtaken)
    made = run(store, tmp_path)
    (statement,) = said(store)
    assert statement["subject"][0]["digest"]["sha256"] == made.metadata["sha256"] != theirs
