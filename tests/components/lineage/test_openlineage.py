"""OpenLineage events, sent by the real client to a server that holds them to what the specification asks for."""

import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jsonschema
import pytest

pytest.importorskip("openlineage.client", reason="openlineage-python is not installed")

from rlvr.lineage import openlineage
from rlvr.provenance import perform

URI = {"type": "string", "pattern": r"^(https?://|urn:)"}
FACETS = {
    "type": "object",
    "additionalProperties": {
        "type": "object",
        "properties": {"_producer": URI, "_schemaURL": URI},
        "required": ["_producer", "_schemaURL"],
    },
}
DATASETS = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "namespace": {"type": "string", "minLength": 1},
            "name": {"type": "string", "minLength": 1},
            "facets": FACETS,
            "inputFacets": FACETS,
            "outputFacets": FACETS,
        },
        "required": ["namespace", "name"],
        "additionalProperties": False,
    },
}
EVENT = {
    "type": "object",
    "properties": {
        "eventType": {"enum": ["START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"]},
        "eventTime": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"},
        "producer": URI,
        "schemaURL": {"const": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"},
        "run": {
            "type": "object",
            "properties": {
                "runId": {"type": "string", "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"},
                "facets": FACETS,
            },
            "required": ["runId"],
        },
        "job": {
            "type": "object",
            "properties": {"namespace": {"type": "string"}, "name": {"type": "string"}, "facets": FACETS},
            "required": ["namespace", "name"],
        },
        "inputs": DATASETS,
        "outputs": DATASETS,
    },
    "required": ["eventType", "eventTime", "producer", "schemaURL", "run", "job"],
    "additionalProperties": False,
}
"""What the specification (2-0-2) asks of an event about a run."""


class Server(BaseHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.events.append(json.loads(body))
        self.server.asked.append((self.path, self.headers.get("Authorization")))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()


@pytest.fixture(autouse=True)
def nothing_configured(monkeypatch):
    """The client adds variables of its own to those that it was given."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("OPENLINEAGE")]:
        monkeypatch.delenv(name)
    openlineage._warn.cache_clear()
    yield
    for name in [name for name in os.environ if name.startswith("OPENLINEAGE") and name not in before]:
        del os.environ[name]


@pytest.fixture
def server(monkeypatch, nothing_configured):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    server.daemon_threads, server.events, server.asked, server.status = True, [], [], 201
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    monkeypatch.setenv("OPENLINEAGE_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("OPENLINEAGE_API_KEY", "key-of-the-server")
    monkeypatch.setenv("RLVR_RUN", "run-7")
    yield server
    server.shutdown()
    server.server_close()
    for event in server.events:
        jsonschema.validate(event, EVENT, format_checker=jsonschema.FormatChecker())


class Kept:
    """What Kubeflow hands to a component."""

    def __init__(self, path):
        self.path, self.metadata = str(path), {}


def make(*, rows=None, text, out):
    if text == "broken":
        raise ValueError("no luck")
    (out / "content.txt").write_text(text)


def test_a_stage_that_runs_is_told_with_what_it_read_and_made(server, tmp_path):
    store, rows, model = str(tmp_path / "store"), Kept(tmp_path / "rows.json"), Kept(tmp_path / "model.json")
    perform(make, store=store, inputs={}, outputs={"out": rows}, parameters={"text": "rows"}, name="ingest")
    perform(make, store=store, inputs={"rows": rows}, outputs={"out": model}, parameters={"text": "model"}, name="grpo")
    told = [(event["eventType"], event["job"]["name"]) for event in server.events]
    assert told == [("START", "ingest"), ("COMPLETE", "ingest"), ("START", "grpo"), ("COMPLETE", "grpo")]
    first, done = server.events[1], server.events[3]
    assert done["run"]["runId"] == server.events[2]["run"]["runId"] != first["run"]["runId"]
    assert done["run"]["facets"]["parent"]["run"] == first["run"]["facets"]["parent"]["run"]
    ((read,), (made,)) = done["inputs"], done["outputs"]
    assert (read["namespace"], read["name"]) == (first["outputs"][0]["namespace"], first["outputs"][0]["name"])
    assert read["facets"]["version"]["datasetVersion"] == rows.metadata["sha256"]
    assert made["name"] == f"artifacts/{model.metadata['sha256']}"
    assert made["outputFacets"]["outputStatistics"]["fileCount"] == 1
    assert set(server.asked) == {("/api/v1/lineage", "Bearer key-of-the-server")}
    assert "sourceCodeLocation" not in done["job"]["facets"]


def test_what_was_done_before_is_not_told_again(server, tmp_path):
    for _ in range(2):
        perform(
            make, store=str(tmp_path / "store"), inputs={}, outputs={"out": Kept(tmp_path / "a")},
            parameters={"text": "rows"},
        )  # fmt: skip
    assert len(server.events) == 2


def test_a_failure_is_told_with_its_message(server, tmp_path):
    with pytest.raises(ValueError):
        perform(
            make, store=str(tmp_path / "store"), inputs={}, outputs={"out": Kept(tmp_path / "a")},
            parameters={"text": "broken"},
        )  # fmt: skip
    assert [event["eventType"] for event in server.events] == ["START", "FAIL"]
    assert server.events[1]["run"]["facets"]["errorMessage"]["message"] == "ValueError: no luck"


def test_a_server_that_refuses_ends_no_stage(server, tmp_path, capsys):
    server.status = 403
    perform(
        make, store=str(tmp_path / "store"), inputs={}, outputs={"out": Kept(tmp_path / "a")},
        parameters={"text": "rows"},
    )  # fmt: skip
    assert "OpenLineage did not take the START event" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("address", "place"),
    [
        (f"hub:someone/sums@{'a' * 40}/train.parquet", ("hub", "someone/sums/train.parquet", "a" * 40)),
        ("s3://bucket/data/rows.parquet", ("s3://bucket", "data/rows.parquet", "e" * 64)),
        ("synthetic:sums", ("synthetic", "sums", "e" * 64)),
        ("/data/rows.parquet", ("file", "/data/rows.parquet", "e" * 64)),
    ],
)
def test_what_lies_outside_the_store_has_its_own_namespace(address, place):
    assert openlineage._place(address, "e" * 64) == place


def test_nothing_is_sent_unless_it_is_asked_for(monkeypatch):
    assert openlineage.configured() is False
    monkeypatch.setenv("OPENLINEAGE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("OPENLINEAGE_DISABLED", "true")
    assert openlineage.configured() is False


def test_without_the_client_the_remedy_is_named_once_and_stages_go_on(monkeypatch, capsys):
    monkeypatch.setenv("OPENLINEAGE_URL", "http://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "openlineage.client", None)
    assert openlineage.configured() is openlineage.configured() is False
    assert capsys.readouterr().err.count("extra `openlineage`") == 1
