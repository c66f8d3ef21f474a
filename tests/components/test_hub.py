"""The Hub client against a server that speaks the few routes it asks, and against no server at all."""

import hashlib
import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import huggingface_hub.constants
import pytest

from rlvr.backbones.backbone import Backbone
from rlvr.backbones.prepare import prepare
from rlvr.canonical import plain
from rlvr.errors import RlvrError
from rlvr.hub import fetch_snapshot

COMMIT = "0123456789abcdef0123456789abcdef01234567"
FILES = {
    "README.md": b"card",
    "data/train-0.parquet": b"train",
    "test.parquet": b"test",
    "config.json": b"{}",
    "model.safetensors": b"weights",
    "pytorch_model.bin": b"pickled weights",
    "modeling.py": b"code",
}


class Hub(BaseHTTPRequestHandler):
    """One data set and one model, both `me/items`, at one commit."""

    def do_GET(self) -> None:
        path = re.sub("^/api/(datasets|models)/", "/api/", self.path.partition("?")[0]).removeprefix("/datasets")
        if path == f"/api/me/items/revision/{COMMIT}":
            siblings = [{"rfilename": name} for name in FILES]
            self.answer(json.dumps({"_id": "1", "id": "me/items", "sha": COMMIT, "siblings": siblings}).encode())
        elif path.startswith(f"/api/me/items/tree/{COMMIT}"):
            tree = [{"type": "file", "path": n, "oid": "0" * 40, "size": len(b)} for n, b in FILES.items()]
            self.answer(json.dumps(tree).encode())
        elif (name := path.removeprefix(f"/me/items/resolve/{COMMIT}/")) in FILES:
            self.answer(FILES[name])
        else:
            self.send_response(404)
            self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()

    do_HEAD = do_GET

    def answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", hashlib.sha1(body).hexdigest())
        self.send_header("X-Repo-Commit", COMMIT)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


def point_to(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    template = url + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", url)
    monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)


@pytest.fixture
def endpoint(monkeypatch, tmp_path):
    """Point the client, whose settings are read at import, to a local server and an empty cache."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Hub) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        point_to(f"http://127.0.0.1:{server.server_port}", monkeypatch)
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_PROGRESS_BARS", True)
        yield
        server.shutdown()
        thread.join()


def test_only_matching_files_are_fetched(endpoint):
    folder = fetch_snapshot("me/items", COMMIT, "data/train-*.parquet")
    assert [path.read_bytes() for path in folder.glob("**/*") if path.is_file()] == [b"train"]
    folder = fetch_snapshot("me/items", COMMIT, "**/*.parquet")
    assert sorted(path.read_bytes() for path in folder.glob("**/*.parquet")) == [b"test", b"train"]


def test_a_checkpoint_comes_without_pickles_and_code(endpoint, tmp_path):
    backbone = Backbone(hub_id="me/items", revision=COMMIT, architecture="qwen2_vl", licence="MIT")
    prepare(backbone=plain(backbone), tasks=[], model=tmp_path / "base")
    assert sorted(path.name for path in (tmp_path / "base").iterdir()) == ["config.json", "model.safetensors"]


def test_unknown_data_set(endpoint):
    with pytest.raises(RlvrError, match="no data set me/absent at commit 0123"):
        fetch_snapshot("me/absent", COMMIT, "*")


def test_unreachable_hub(endpoint, monkeypatch):
    point_to("http://127.0.0.1:9", monkeypatch)
    monkeypatch.setattr(time, "sleep", lambda seconds: None)  # the client waits between its tries
    with pytest.raises(RlvrError, match=r"could not be fetched.*folder or to s3://bucket/prefix"):
        fetch_snapshot("me/items", COMMIT, "*")


def test_offline_mode(endpoint, monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(RlvrError, match=r"could not be fetched.*folder or to s3://bucket/prefix"):
        fetch_snapshot("me/items", COMMIT, "*")
