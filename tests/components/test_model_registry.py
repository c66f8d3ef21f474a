"""Registration through the real client of Kubeflow's Model Registry, against its REST API over HTTP."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

pytest.importorskip("model_registry", reason="model-registry is not installed")

from rlvr.errors import RlvrError
from rlvr.model_registry import register

BASE = "/api/model_registry/v1alpha3/"
MODEL = "ab" * 32
DECISION = {
    "why": "+41.7 points [+24.0, +59.3] on 60 rows: better than the champion",
    "benchmark": "digits",
    "difference": {"value": 41.7, "low": 24.0, "high": 59.3},
}


class Registry(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        self.answer("GET")

    def do_POST(self):
        self.answer("POST")

    def answer(self, method):
        state = self.server
        state.tokens.add(self.headers.get("Authorization"))
        parts, body = urlsplit(self.path), self.rfile.read(int(self.headers.get("Content-Length") or 0))
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        status, told = 200, None
        if state.broken:
            status, told = state.broken, {"code": "broken", "message": "told by the test"}
        elif method == "POST":
            told = self.make(parts.path.removeprefix(BASE), json.loads(body))
            status = 201
        else:
            status, told = self.find(parts.path.removeprefix(BASE), query)
        text = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def make(self, path, body):
        from mr_openapi import models

        kinds = {
            "registered_models": models.RegisteredModelCreate,
            "model_versions": models.ModelVersionCreate,
            "artifacts": models.ModelArtifactCreate,
        }
        kind = path.rpartition("/")[2]
        checked = kinds[kind].from_dict(body)
        assert checked.to_dict().keys() >= body.keys(), f"{kind} has no fields {body.keys() - checked.to_dict().keys()}"
        made = {**body, "id": str(sum(len(each) for each in self.server.made.values()) + 1)}
        self.server.made.setdefault(kind, []).append(made)
        return made

    def find(self, path, query):
        made, kind = self.server.made, path.rpartition("/")[2]
        singular = {"registered_model": "registered_models", "model_version": "model_versions"}
        if kind in singular:
            found = [one for one in made.get(singular[kind], []) if one["name"] == query.get("name")]
            return (200, found[0]) if found else (404, {"code": "404", "message": "not found"})
        entries = made.get(kind, [])
        return 200, {"items": entries, "nextPageToken": "", "pageSize": 100, "size": len(entries)}


@pytest.fixture
def registry(monkeypatch):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Registry)
    server.daemon_threads, server.made, server.tokens, server.broken = True, {}, set(), 0
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    monkeypatch.setenv("RLVR_MODEL_REGISTRY", f"http://127.0.0.1:{server.server_port}")
    yield server
    server.shutdown()
    server.server_close()


def test_a_champion_is_registered_once(registry, monkeypatch, tmp_path):
    (tmp_path / "token").write_text("token-of-the-registry\n")
    monkeypatch.setenv("RLVR_MODEL_REGISTRY_TOKEN_FILE", str(tmp_path / "token"))
    assert register("vlm_r1/ovd", "s3://bucket/rlvr", MODEL, DECISION) is True
    assert register("vlm_r1/ovd", "s3://bucket/rlvr", MODEL, DECISION) is False
    (model,), (version,) = registry.made["registered_models"], registry.made["model_versions"]
    (artifact,) = registry.made["artifacts"]
    assert (model["name"], version["name"]) == ("rlvr-vlm-r1-ovd", MODEL[:12])
    assert artifact["uri"] == f"s3://bucket/rlvr/artifacts/{MODEL}"
    properties = {**version.get("customProperties", {}), **artifact.get("customProperties", {})}
    assert properties["sha256"]["string_value"] == MODEL
    assert properties["gain_low_points"]["double_value"] == 24.0
    assert registry.tokens == {"Bearer token-of-the-registry"}


def test_without_a_registry_nothing_is_done(monkeypatch):
    monkeypatch.delenv("RLVR_MODEL_REGISTRY", raising=False)
    assert register("r1_v", "s3://bucket/rlvr", MODEL, DECISION) is False


def test_a_registry_that_refuses_is_told_with_its_remedy(registry):
    registry.broken = 403
    with pytest.raises(RlvrError, match="the same run, repeated, registers it"):
        register("r1_v", "s3://bucket/rlvr", MODEL, DECISION)


@pytest.mark.parametrize("url", ["registry:8080", "http://user:secret@registry", "ftp://registry"])
def test_a_wrong_address_is_named_without_being_shown(monkeypatch, url):
    monkeypatch.setenv("RLVR_MODEL_REGISTRY", url)
    with pytest.raises(RlvrError, match="RLVR_MODEL_REGISTRY is not a URL") as raised:
        register("r1_v", "s3://bucket/rlvr", MODEL, DECISION)
    assert "secret" not in str(raised.value)
