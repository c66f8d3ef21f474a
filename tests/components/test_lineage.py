"""The walk from a report's inputs back to the data, over records of a real store."""

from types import SimpleNamespace

import pytest

from rlvr.errors import RlvrError
from rlvr.provenance import code_digest, perform, read_manifest
from rlvr.report.licences import licences
from rlvr.report.lineage import label, read_records, walk
from rlvr.store import open_store


def ingest(sources, out):
    (out / "rows").write_text("rows")


def train(stage, seed, rows, model, log):
    (model / "weights").write_text(f"{stage['name']} {seed} {(rows / 'rows').read_text()}")
    (log / "log").write_text("log")


def artifact(path):
    return SimpleNamespace(path=str(path), metadata={})


def run(store, folder, body, inputs, outputs, **parameters):
    made = {name: artifact(folder / f"{body.__name__}-{name}") for name in outputs}
    perform(body, store=str(store), inputs=inputs, outputs=made, parameters=parameters)
    return made


def test_the_walk_goes_back_to_the_source(tmp_path):
    source = {"name": "clevr", "location": "hub", "hub_id": "a/b", "revision": "c" * 40, "licence": "MIT"}
    rows = run(tmp_path / "store", tmp_path, ingest, {}, ["out"], sources=[{"source": source}])["out"]
    made = run(tmp_path / "store", tmp_path, train, {"rows": rows}, ["model", "log"], stage={"name": "grpo"}, seed=3)
    digest = {name: read_manifest(one)["digest"] for name, one in {**made, "rows": rows}.items()}
    records = read_records(open_store(str(tmp_path / "store")))
    model, log, lost = walk(records, {"x": [digest["model"], digest["log"]], "y": "0" * 64}, code_digest())
    assert (model["made_by"], model["output"], model["seed"], model["argument"]) == ("train (grpo)", "model", 3, "x")
    (data,) = model["inputs"]
    assert (data["made_by"], data["digest"], data["argument"]) == ("ingest", digest["rows"], "rows")
    assert data["sources"] == [source] and not data["repeated"] and data["inputs"] == []
    assert log["inputs"][0]["repeated"] and log["inputs"][0]["sources"] == []
    assert lost["made_by"] is None and lost["digest"] == "0" * 64


def record(code, made, **inputs):
    return {"stage": "m:f", "parameters": {}, "inputs": inputs, "code": code, "outputs": {"out": made}}


def test_the_running_code_s_record_is_preferred_and_a_loop_ends():
    records = {"k1": record("old", "d"), "k2": record("new", "d"), "k3": record("new", "d", rows="d")}
    assert walk(records, {"a": "d"}, "new")[0]["record"] == "k2"
    assert walk(records, {"a": "d"}, "other")[0]["record"] == "k1"
    (node,) = walk({"k": record("new", "d", rows="d")}, {"a": "d"}, "new")
    assert node["inputs"][0]["repeated"] and node["inputs"][0]["inputs"] == []


def test_stages_have_names():
    named = {**record("c", "d"), "stage": "rlvr.evaluate:evaluate"}
    assert label({**named, "parameters": {"role": "base", "benchmark": {"name": "geoqa"}}}) == "evaluate base on geoqa"
    assert label({**named, "stage": "rlvr.backbones.prepare:prepare"}) == "prepare base model"


@pytest.mark.parametrize("text", ["{", "[]", '{"stage": "x"}'])
def test_a_damaged_record_is_named(tmp_path, text):
    store = open_store(str(tmp_path))
    store.write("records/ab.json", text)
    with pytest.raises(RlvrError, match="records/ab.json is not the record of a stage"):
        read_records(store)


def test_licences_are_united_with_what_carries_them():
    method = {
        "backbone": {"hub_id": "org/model", "location": "hub", "licence": "MIT"}, "code": "who/what",
        "licence": "Apache-2.0", "tasks": [{"source": {"name": "train"}}],
    }  # fmt: skip
    verdict = {"sources": [{"name": "train", "licence": "MIT"}, {"name": "tests", "licence": ""}]}
    found = {entry["licence"]: entry["carriers"] for entry in licences(method, verdict)}
    assert list(found) == ["Apache-2.0", "MIT", "not stated"]
    assert [carrier["role"] for carrier in found["MIT"]] == ["backbone", "training rows"]
    assert found["not stated"] == [{"role": "test rows", "name": "tests"}]
