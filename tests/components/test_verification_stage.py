"""The verify stage as pipelines perform it: the page goes to the viewer, and a failed gate leaves its evidence."""

import json
from dataclasses import replace
from types import SimpleNamespace

import pyarrow.parquet as pq
import pytest

from rlvr.canonical import plain
from rlvr.data import rows as row_files
from rlvr.data.ingest import ingest
from rlvr.errors import RlvrError
from rlvr.provenance import read_manifest
from rlvr.report.verification_stage import perform_and_show
from rlvr.store import open_store
from rlvr_pipelines.methods import METHODS
from rlvr_pipelines.verification_copy import copy_verification

METHOD = METHODS["r1_v"]
TASK = replace(METHOD.tasks[0], source=replace(METHOD.tasks[0].source, location="synthetic", limit=12))
TESTS = replace(METHOD.benchmarks[0].source, location="synthetic", limit=4)


def artifact(path):
    return SimpleNamespace(path=str(path), metadata={})


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A store, and artifacts of training and test rows in it."""
    root = tmp_path_factory.mktemp("data")
    store = open_store(str(root / "store"))
    made = {}
    for name, task, source in (("rows", TASK.name, TASK.source), ("tests", METHOD.benchmarks[0].name, TESTS)):
        ingest(sources=[{"task": task, "source": plain(source)}], seed=0, out=root / name)
        made[name] = artifact(root / f"{name}.json")
        (root / f"{name}.json").write_text(json.dumps({"digest": store.put(root / name).digest}))
    return root, store, made


def performed(folder, store, inputs, monkeypatch):
    """Perform the stage; its output artifacts, its page and the progress lines it wrote."""
    folder.mkdir()
    monkeypatch.setenv("RLVR_PROGRESS", str(folder / "progress.jsonl"))
    outputs = {"out_rows": artifact(folder / "accepted"), "out_verdict": artifact(folder / "verdict")}
    page, error = artifact(folder / "viewer" / "page"), None
    try:
        perform_and_show(store.url, inputs, outputs, {"tasks": [plain(TASK)], "limits": []}, page)
    except RlvrError as raised:
        error = str(raised)
    events = [json.loads(line) for line in (folder / "progress.jsonl").read_text().splitlines()]
    return outputs["out_verdict"], page, error, events


def test_the_page_goes_to_the_viewer_and_into_the_verdict(data, tmp_path, monkeypatch):
    _, store, inputs = data
    verdict, _, error, events = performed(tmp_path / "first", store, inputs, monkeypatch)
    assert error is None
    made = store.get(read_manifest(verdict)["digest"])
    assert {"verdict.json", "facts.parquet", "quarantine.parquet", "verification.html"} == {
        path.name for path in made.iterdir()
    }
    text = (made / "verification.html").read_text()
    assert "<h1>The data passed</h1>" in text and "12 training rows and 4 test rows" in text
    assert (tmp_path / "first/viewer/page").read_text() == text
    copy_verification(events, store.url, tmp_path)
    assert (tmp_path / "verification.html").read_text() == text
    _, _, _, again = performed(tmp_path / "second", store, inputs, monkeypatch)
    assert [line.get("event") for line in again] == ["known", "done"]


def test_a_gate_that_fails_leaves_its_page_and_names_it(data, tmp_path, monkeypatch):
    root, store, inputs = data
    damaged = [{**row, "images": [b"not a picture"]} for row in row_files.read(root / "rows")]
    folder = tmp_path / "damaged"
    row_files.write(damaged, folder)
    (folder / "sources.json").write_bytes((root / "rows" / "sources.json").read_bytes())
    rows = artifact(tmp_path / "rows.json")
    (tmp_path / "rows.json").write_text(json.dumps({"digest": store.put(folder).digest}))
    for attempt in ("first", "second"):  # the second time from what the store remembers
        verdict, _, error, events = performed(tmp_path / attempt, store, {**inputs, "rows": rows}, monkeypatch)
        digest = read_manifest(verdict)["digest"]
        assert "quarantined 12 of 12 rows" in error and f"verification.html, is {digest} in the store" in error
        assert (events[-1]["event"], events[-1]["message"]) == ("error", error)
        assert "<h1>The data did not pass</h1>" in (tmp_path / attempt / "viewer" / "page").read_text()
        assert pq.read_table(store.get(digest) / "quarantine.parquet").num_rows == 12
    copy_verification(events, store.url, tmp_path)
    assert "The data did not pass" in (tmp_path / "verification.html").read_text()
    copy_verification([{"stage": "ingest", "event": "start"}], store.url, tmp_path / "nowhere")


def test_data_that_cannot_be_read_at_all_has_no_verdict(data, tmp_path, monkeypatch):
    _, store, inputs = data
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "sources.json").write_text("[]")
    rows = artifact(tmp_path / "rows.json")
    (tmp_path / "rows.json").write_text(json.dumps({"digest": store.put(empty).digest}))
    _, _, error, _ = performed(tmp_path / "first", store, {**inputs, "rows": rows}, monkeypatch)
    assert "holds no rows.parquet" in error
    assert not (tmp_path / "first/viewer").exists()
