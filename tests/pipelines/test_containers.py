"""What `rlvr run --runner docker` refuses and what it hands to containers; `make test-images` runs real ones.

The runtime is a small server that answers as Docker's API does (version, information, images).
"""

import json
import os
import platform
import socketserver
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import unquote

import pytest

from rlvr.errors import RlvrError
from rlvr_pipelines.containers import CERTIFICATES, Containers
from rlvr_pipelines.methods import METHODS
from rlvr_pipelines.profiles import profile

METHOD = METHODS["r1_vlm"]
DIGEST = f"registry.example/rlvr-data@sha256:{'a' * 64}"
STARTED = []


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


@pytest.fixture
def runtime(tmp_path, monkeypatch):
    """Docker's API with the images and the information that a test puts into the dictionary."""
    state = {
        "images": {f"rlvr-{kind}:dev": [f"localhost/rlvr-{kind}:dev"] for kind in ("data", "train", "evaluate")},
        "info": {"KernelVersion": platform.release(), "SecurityOptions": ["name=seccomp,profile=default"]},
        "asked": [],
    }

    class Handler(BaseHTTPRequestHandler):
        def address_string(self):
            return "socket"

        def log_message(self, *_):
            pass

        def answer(self, status, body):
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_GET(self):
            path = unquote(self.path)
            state["asked"].append(path)
            name = path.partition("/images/")[2].removesuffix("/json")
            if path.endswith("/version"):
                self.answer(200, {"ApiVersion": "1.41", "Version": "24.0"})
            elif path.endswith("/info"):
                self.answer(200, state["info"])
            elif name in state["images"]:
                self.answer(200, {"Id": "sha256:1", "RepoTags": state["images"][name], "RepoDigests": []})
            elif name:
                self.answer(404, {"message": f"No such image: {name}"})
            else:
                self.answer(200, [])

        def do_POST(self):
            state["asked"].append(unquote(self.path))
            self.answer(404, {"message": "manifest unknown"})

    path = tmp_path / "runtime.sock"
    server = Server(str(path), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
    yield state
    server.shutdown()
    server.server_close()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A run's folder as `rlvr run` prepares it."""
    made = tmp_path / "run"
    made.mkdir()
    for name in ("progress.jsonl", "lock"):
        (made / name).touch()
    monkeypatch.setenv("RLVR_LOCK", str(made / "lock"))
    events = [name for name in os.environ if name.startswith("OPENLINEAGE_")]
    for name in (*CERTIFICATES, "RLVR_SIGNING_KEY", *events):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "configuration"))
    yield made
    while STARTED:
        STARTED.pop().stop()


def mounted(options):
    """Path -> whether it is read-only, of what is mounted beside the signing key."""
    key = options["environment"]["RLVR_SIGNING_KEY"]
    return {mount["Source"]: mount["ReadOnly"] for mount in options["mounts"] if mount["Source"] != key}


def containers(tmp_path, sized=None, method=METHOD):
    STARTED.append(Containers(method, sized or profile("laptop"), lock=tmp_path / "images.lock"))
    return STARTED[-1]


def refusal(tmp_path, store="s3://objects/store", **changed):
    with pytest.raises(RlvrError) as caught:
        containers(tmp_path, **changed).images(store, print)
    return str(caught.value)


def test_a_store_in_a_folder_is_refused(tmp_path):
    message = refusal(tmp_path, str(tmp_path))
    assert "--store s3://bucket/prefix" in message and "AWS_ACCESS_KEY_ID" in message


def test_without_a_runtime_it_says_how_to_start_one(tmp_path, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    message = refusal(tmp_path)
    assert f"No container runtime answers at {tmp_path}/none.sock" in message and "podman system service" in message


def test_a_runtime_elsewhere_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")
    assert "a runtime elsewhere" in refusal(tmp_path)


def test_images_built_here_are_named_as_the_runtime_lists_them(tmp_path, runtime):
    found = containers(tmp_path).images("s3://objects/store", print)
    assert found == {f"rlvr-{kind}": f"localhost/rlvr-{kind}:dev" for kind in ("data", "train", "evaluate")}


def test_a_missing_image_is_named(tmp_path, runtime):
    del runtime["images"]["rlvr-train:dev"]
    message = refusal(tmp_path)
    assert "no image rlvr-train:dev" in message and "make images" in message


def test_an_image_named_by_digest_is_pulled_and_a_failure_told(tmp_path, runtime):
    (tmp_path / "images.lock").write_text(json.dumps({"rlvr-data": DIGEST}))
    assert f"{DIGEST} cannot be pulled" in refusal(tmp_path)
    assert any("/images/create" in path for path in runtime["asked"])
    runtime["images"][DIGEST] = []
    assert containers(tmp_path).images("s3://objects/store", print)["rlvr-data"] == DIGEST


def test_a_folder_relative_to_the_current_one_is_refused(tmp_path, runtime, monkeypatch):
    (tmp_path / "pictures").mkdir()
    monkeypatch.chdir(tmp_path)
    own = replace(profile("laptop"), changed={"tasks.*.source.location": "pictures"})
    assert str(tmp_path / "pictures") in refusal(tmp_path, sized=own)


def test_a_stage_gets_the_run_s_folder_its_data_and_its_secrets_as_environment(tmp_path, runtime, folder, monkeypatch):
    for name, value in {"AWS_SECRET_ACCESS_KEY": "very-secret", "HF_HOME": "/nowhere", "OMP_NUM_THREADS": "1"}.items():
        monkeypatch.setenv(name, value)
    certificates = tmp_path / "ca.pem"
    certificates.touch()
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificates))
    (tmp_path / "pictures").mkdir()
    own = replace(profile("laptop"), changed={"tasks.*.source.location": str(tmp_path / "pictures")})
    options = containers(tmp_path, own).runner(folder).container_run_args
    assert options["environment"]["AWS_SECRET_ACCESS_KEY"] == "very-secret"
    assert options["environment"]["AWS_CA_BUNDLE"] == str(certificates)
    assert options["environment"]["RLVR_PROGRESS"] == str(folder / "progress.jsonl")
    assert options["environment"]["RLVR_LOCK"] == str(folder / "lock")
    assert "HF_HOME" not in options["environment"] and "PYTHONPATH" not in options["environment"]
    assert mounted(options) == {str(folder): False, str(tmp_path / "pictures"): True, str(certificates): True}
    assert options["network_mode"] == "host" and options["cap_drop"] == ["ALL"]
    assert "device_requests" not in options and options["security_opt"] == ["no-new-privileges"]
    assert options["user"] == f"{os.getuid() or 1001}:0"
    assert folder.stat().st_mode & 0o070 == 0o070 or os.getuid() != 0


def test_another_kernel_a_rootless_runtime_and_selinux_are_heeded(tmp_path, runtime, folder):
    runtime["info"] = {"KernelVersion": "of-a-virtual-machine", "SecurityOptions": ["name=rootless", "name=selinux"]}
    options = containers(tmp_path).runner(folder).container_run_args
    assert "RLVR_LOCK" not in options["environment"] and options["user"] == "0:0"
    assert "label=disable" in options["security_opt"]


def test_a_profile_with_gpus_asks_the_runtime_for_them(tmp_path, runtime, folder):
    (request,) = containers(tmp_path, profile("cluster")).runner(folder).container_run_args["device_requests"]
    assert request["Capabilities"] == [["gpu"]] and request["Count"] == -1


def test_modules_of_one_s_own_rewards_are_found_in_containers(tmp_path, runtime, folder, monkeypatch):
    from rlvr_pipelines.own import with_own

    (tmp_path / "brief_reward.py").write_text(
        "def brief(completions, **columns):\n    return [1.0] * len(completions)\n"
    )
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    own = with_own(profile("laptop"), rewards=[f"{tmp_path}/brief_reward.py:brief"])
    options = containers(tmp_path, own).runner(folder).container_run_args
    assert options["environment"]["PYTHONPATH"] == str(tmp_path)
    assert mounted(options) == {str(folder): False, str(tmp_path): True}


def test_every_stage_signs_with_this_machine_s_key_whose_copy_goes_with_the_command(tmp_path, runtime, folder):
    started = containers(tmp_path)
    options = started.runner(folder).container_run_args
    key = Path(options["environment"]["RLVR_SIGNING_KEY"])
    assert key.read_bytes() == (tmp_path / "configuration/rlvr/signing-key.pem").read_bytes()
    assert {mount["Source"]: mount["ReadOnly"] for mount in options["mounts"]}[str(key)] is True
    assert key.stat().st_mode & 0o007 == 0
    started.stop()
    assert key.exists() == (os.getuid() != 0)


def test_stages_send_openlineage_events_where_this_command_is_told_to(tmp_path, runtime, folder, monkeypatch):
    file = tmp_path / "events.yml"
    file.write_text("transport: {type: http, url: http://127.0.0.1:5000}")
    file.chmod(0o600)
    told = {
        "OPENLINEAGE_URL": "http://127.0.0.1:5000",
        "OPENLINEAGE_API_KEY": "key",
        "OPENLINEAGE__TRANSPORT__TYPE": "http",
        "OPENLINEAGE_NAMESPACE": "mine",
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENLINEAGE_CONFIG", file.name)
    started = containers(tmp_path)
    options = started.runner(folder).container_run_args
    assert told.items() <= options["environment"].items()
    seen = Path(options["environment"]["OPENLINEAGE_CONFIG"])
    assert seen.is_absolute() and seen.read_text() == file.read_text()
    assert mounted(options) == {str(folder): False, str(seen): True}
    assert os.getuid() != 0 or (seen.stat().st_mode & 0o777, seen.stat().st_gid) == (0o640, 0)
    started.stop()
    assert file.exists() and seen.exists() == (os.getuid() != 0)
