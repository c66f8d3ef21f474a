"""A Kubernetes API server for kubectl: discovery, and objects that are made, read, changed and deleted.

It takes whatever has the right path and names, refuses objects for namespaces that do not exist, and validates nothing:
the schemas have tests of their own.
"""

import json
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """A kind of object that the server knows."""

    version: str
    """Group and version, such as `batch/v1`; `v1` for the core."""
    name: str
    """As objects say it."""
    namespaced: bool
    """Whether its objects lie in namespaces."""

    @property
    def plural(self) -> str:
        """As paths say it."""
        lower = self.name.lower()
        return f"{lower[:-1]}ies" if lower.endswith("y") else f"{lower}s"

    @property
    def root(self) -> str:
        """The path below which its version lies."""
        return f"/apis/{self.version}" if "/" in self.version else f"/api/{self.version}"


class ObjectServer:
    """Objects by path, and what was asked."""

    def __init__(self, kinds: Iterable[Kind], namespaces: Iterable[str]) -> None:
        self.kinds = sorted(set(kinds) | {Kind(version="v1", name="Namespace", namespaced=False)}, key=str)
        self.objects: dict[str, dict[str, Any]] = {}
        self.changes: list[str] = []
        self.version = 0
        for name in namespaces:
            self.keep(
                f"/api/v1/namespaces/{name}", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
            )
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
        self.http.objects = self  # type: ignore[attr-defined]
        self.http.daemon_threads = True
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Answer no more."""
        self.http.shutdown()
        self.http.server_close()

    def keep(self, path: str, thing: dict[str, Any]) -> dict[str, Any]:
        """Keep an object as its newest version."""
        self.version += 1
        thing["metadata"] |= {
            "resourceVersion": str(self.version),
            "uid": f"00000000-0000-0000-0000-{self.version:012}",
        }
        self.objects[path] = thing
        return thing

    def kubeconfig(self, path: Path) -> Path:
        """Write a file by which kubectl reaches the server."""
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{self.http.server_port}"}}],
            "users": [{"name": "u", "user": {}}],
            "contexts": [{"name": "test", "context": {"cluster": "c", "user": "u"}}],
        }
        path.write_text(yaml.safe_dump(config))
        return path

    def discovery(self, path: str) -> dict[str, Any] | None:
        """What the server knows, as kubectl asks for it."""
        groups = sorted({kind.version for kind in self.kinds if "/" in kind.version})
        if path == "/version":
            return {"major": "1", "minor": "32", "gitVersion": "v1.32.0"}
        if path == "/api":
            return {"kind": "APIVersions", "versions": ["v1"]}
        if path == "/apis":
            named = [
                (version.split("/")[0], {"groupVersion": version, "version": version.split("/")[1]})
                for version in groups
            ]
            listed = [{"name": name, "versions": [one], "preferredVersion": one} for name, one in named]
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": listed}
        for version in ("v1", *groups):
            kinds = [kind for kind in self.kinds if kind.version == version]
            if kinds and path == kinds[0].root:
                verbs = ["create", "delete", "get", "list", "patch", "watch"]
                resources = [
                    {
                        "name": kind.plural,
                        "kind": kind.name,
                        "namespaced": kind.namespaced,
                        "verbs": verbs,
                        "singularName": "",
                    }
                    for kind in kinds
                ]
                return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": resources}
        return None


class _Answers(BaseHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass

    @property
    def known(self) -> ObjectServer:
        return self.server.objects  # type: ignore[attr-defined,no-any-return]

    def answer(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def refuse(self, status: int, reason: str, message: str) -> None:
        body = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "message": message}
        self.answer(status, {**body, "code": status})

    def body(self) -> dict[str, Any]:
        return json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")  # type: ignore[no-any-return]

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        found = self.known.discovery(path) or self.known.objects.get(path)
        if found is None:
            self.refuse(404, "NotFound", f"{path} is not there")
        else:
            self.answer(200, found)

    def do_POST(self) -> None:
        path, made = urlsplit(self.path).path, self.body()
        kind = next(
            (kind for kind in self.known.kinds if kind.version == made["apiVersion"] and kind.name == made["kind"]),
            None,
        )
        namespace = made["metadata"].get("namespace")
        if kind is None or path != f"{kind.root}/" + (f"namespaces/{namespace}/" if namespace else "") + kind.plural:
            return self.refuse(404, "NotFound", f"{path} takes no {made['kind']}")
        if namespace and f"/api/v1/namespaces/{namespace}" not in self.known.objects:
            return self.refuse(404, "NotFound", f'namespaces "{namespace}" not found')
        place = f"{path}/{made['metadata']['name']}"
        if place in self.known.objects:
            return self.refuse(409, "AlreadyExists", f"{place} is there already")
        self.known.changes.append(f"POST {place}")
        return self.answer(201, self.known.keep(place, made))

    def do_PATCH(self) -> None:
        path, change = urlsplit(self.path).path, self.body()
        self.known.changes.append(f"PATCH {path}")
        self.answer(200, self.known.keep(path, _merged(self.known.objects[path], change)))

    def do_DELETE(self) -> None:
        path = urlsplit(self.path).path
        if self.known.objects.pop(path, None) is None:
            return self.refuse(404, "NotFound", f"{path} is not there")
        self.known.changes.append(f"DELETE {path}")
        if path.startswith("/api/v1/namespaces/") and path.count("/") == 4:
            for inner in [other for other in self.known.objects if f"/namespaces/{path.rpartition('/')[2]}/" in other]:
                del self.known.objects[inner]
        return self.answer(200, {"kind": "Status", "apiVersion": "v1", "status": "Success"})


def _merged(old: Any, change: Any) -> Any:
    """A JSON merge patch (RFC 7396)."""
    if not isinstance(change, dict):
        return change
    merged = dict(old) if isinstance(old, dict) else {}
    for name, value in change.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merged(merged.get(name), value)
    return merged
