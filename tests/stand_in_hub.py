"""A server that speaks the routes of the Hugging Face Hub which its client asks, on this machine.

Routes, fields and error codes as the client's own classes read them (huggingface_hub 2.4: `HfApi.list_repo_tree`,
`RepoFile`, `hf_raise_for_status`).
"""

import contextlib
import hashlib
import json
import re
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import huggingface_hub.constants
import pytest

COMMIT = "0123456789abcdef0123456789abcdef01234567"
PAGE = 2
"""Entries of a listing that are answered at a time."""
REFUSALS = {
    "me/gated": (403, {"X-Error-Code": "GatedRepo"}),
    "me/gated_unknown": (401, {"X-Error-Code": "GatedRepo"}),
    "me/private": (401, {"X-Error-Code": "RepoNotFound"}),
    "me/disabled": (403, {"X-Error-Message": "Access to this resource is disabled."}),
    "me/forbidden": (403, {"X-Error-Message": "Your token has no read access"}),
    "me/bad_token": (401, {"X-Error-Message": "Invalid credentials in Authorization header"}),
    "me/broken": (500, {}),
}
"""Repositories that are not given, with status and headers of the answer."""


def git_sha1(content: bytes) -> str:
    """Git's name of a file's content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def entry(name: str, content: bytes, large: bool) -> dict[str, object]:
    """One file of a listing, as the tree route gives it; `large` ones are held by Git LFS."""
    if not large:
        return {"type": "file", "path": name, "oid": git_sha1(content), "size": len(content)}
    lfs = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 132}
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{lfs['oid']}\nsize {len(content)}\n".encode()
    return {"type": "file", "path": name, "oid": git_sha1(pointer), "size": len(content), "lfs": lfs, "xetHash": "0f"}


class Hub(BaseHTTPRequestHandler):
    """One data set and one model, both `me/items`, at one commit."""

    files: Mapping[str, bytes] = {}
    """Path -> content."""
    stated: Mapping[str, bytes] = {}
    """Path -> content whose digest is stated, where it is not that of the file itself."""

    def do_GET(self) -> None:
        """Answer a request; without a body for HEAD."""
        url = urlsplit(self.path)
        path = re.sub("^/api/(datasets|models)/", "/api/", url.path).removeprefix("/datasets")
        repository = "/".join(path.removeprefix("/api").split("/")[1:3])
        if repository in REFUSALS:
            return self.refuse(*REFUSALS[repository])
        if repository != "me/items":
            return self.refuse(404, {"X-Error-Code": "RepoNotFound"})
        if COMMIT not in path:
            return self.refuse(404, {"X-Error-Code": "RevisionNotFound"})
        if path == f"/api/me/items/revision/{COMMIT}":
            siblings = [{"rfilename": name} for name in self.files]
            return self.answer({"_id": "1", "id": "me/items", "sha": COMMIT, "siblings": siblings})
        if path.startswith(f"/api/me/items/tree/{COMMIT}"):
            return self.tree(int(parse_qs(url.query).get("cursor", ["0"])[0]), url.path)
        if (name := path.removeprefix(f"/me/items/resolve/{COMMIT}/")) in self.files:
            return self.answer(self.files[name])
        return self.refuse(404, {"X-Error-Code": "EntryNotFound"})

    do_HEAD = do_GET

    def tree(self, start: int, path: str) -> None:
        """A page of the listing, and where the next one is."""
        shown: list[dict[str, object]] = [{"type": "directory", "path": "data", "oid": "0" * 40, "size": 0}]
        for name, content in self.files.items():
            shown.append(entry(name, self.stated.get(name, content), name.endswith((".parquet", ".safetensors"))))
        more = {}
        if start + PAGE < len(shown):
            host = self.headers["Host"]
            more["Link"] = f'<http://{host}{path}?recursive=True&expand=False&cursor={start + PAGE}>; rel="next"'
        self.answer(shown[start : start + PAGE], **more)

    def answer(self, body: object, **headers: str) -> None:
        """A body of bytes, or of JSON."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(200)
        always = {
            "Content-Length": str(len(content)),
            "ETag": hashlib.sha1(content).hexdigest(),
            "X-Repo-Commit": COMMIT,
        }
        for name, value in (always | headers).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def refuse(self, status: int, headers: Mapping[str, str]) -> None:
        """An error without a body."""
        self.send_response(status)
        for name, value in {"Content-Length": "0", **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def point_to(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the client, whose settings are read at import, ask this address."""
    template = url + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", url)
    monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)


@contextlib.contextmanager
def served(
    files: Mapping[str, bytes], cache: Path, monkeypatch: pytest.MonkeyPatch, stated: Mapping[str, bytes] | None = None
) -> Iterator[None]:
    """A Hub with these files, which the client asks, with its cache in the folder `cache`."""
    handler = type("Handler", (Hub,), {"files": files, "stated": stated or {}})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        point_to(f"http://127.0.0.1:{server.server_port}", monkeypatch)
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(cache))
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_PROGRESS_BARS", True)
        yield
        server.shutdown()
        thread.join()
