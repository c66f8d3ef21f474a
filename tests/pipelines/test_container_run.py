"""A container's exit code is read from its state, and the container is gone afterwards, whatever happened.

The runtime is a small server that answers as Docker's API does about one container; it never answers who waits.
"""

import json
import re
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import docker
import pytest

from rlvr_pipelines.container_run import run_container


class Handler(BaseHTTPRequestHandler):
    """`server.states` are told one after the other, the last for ever; `server.said` is what the container printed."""

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", kind="application/json"):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        if self.path.endswith("/version"):
            self.answer(200, {"ApiVersion": "1.41", "Version": "24.0"})
        elif re.search("/containers/[^/]+/json", self.path):
            states = self.server.states
            state = states.pop(0) if len(states) > 1 else states[0]
            if state is None:
                self.answer(404, {"message": "no such container"})
            else:
                self.answer(200, {"Id": "c1", "Config": {"Tty": False}, "State": state})
        else:
            said = self.server.said
            framed = struct.pack(">BxxxL", 1, len(said)) + said
            self.answer(200, framed, "application/vnd.docker.multiplexed-stream")

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if "/containers/create" in self.path:
            self.server.created = json.loads(body)
            self.answer(201, {"Id": "c1"})
        elif self.path.endswith("/start"):
            self.answer(204)
        else:
            self.server.released.wait()

    def do_DELETE(self):
        self.server.removed.append(self.path)
        self.answer(204)


@pytest.fixture
def runtime():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.removed, server.said, server.released = [], b"a stage said: caf\xc3\xa9\n", threading.Event()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.released.set()
    server.shutdown()
    server.server_close()


def run(runtime, *states):
    runtime.states = list(states)
    client = docker.DockerClient(base_url=f"tcp://127.0.0.1:{runtime.server_port}")
    try:
        volumes = {"/work": {"bind": "/work", "mode": "rw"}}
        return run_container(client, "localhost/rlvr-data:dev", ["python3", "-c", "pass"], volumes, user="1001:0")
    finally:
        client.close()


RUNNING = {"Status": "running", "ExitCode": 0}


@pytest.mark.parametrize(("state", "code"), [("exited", 0), ("exited", 65), ("stopped", 137), ("dead", 1)])
def test_the_exit_code_is_the_container_s(runtime, capfd, state, code):
    assert run(runtime, RUNNING, RUNNING, {"Status": state, "ExitCode": code}) == code
    assert capfd.readouterr().out == "Image localhost/rlvr-data:dev\na stage said: café\n"
    assert runtime.created["Image"] == "localhost/rlvr-data:dev" and runtime.created["User"] == "1001:0"
    assert runtime.created["HostConfig"]["Binds"] == ["/work:/work:rw"]
    assert not runtime.created["HostConfig"].get("AutoRemove")
    assert len(runtime.removed) == 1 and "force=True" in runtime.removed[0]


def test_a_container_that_ended_at_once_is_not_waited_for(runtime):
    assert run(runtime, {"Status": "exited", "ExitCode": 3}) == 3


def test_a_container_that_someone_removed_is_no_success(runtime):
    with pytest.raises(docker.errors.NotFound):
        run(runtime, RUNNING, RUNNING, RUNNING, None)
