"""Images pushed to a registry and named by digest: Podman, Debian's docker-registry, and a lock that compilation reads.

The images are a file each; what is really in ours is looked at by `test_run_in_containers.py`.
"""

import io
import json
import shutil
import socket
import subprocess
import tarfile
import time

import build
import podman_machine
import pytest
import yaml

from rlvr_pipelines.compile import compile_pipeline
from rlvr_pipelines.methods import METHODS
from rlvr_pipelines.profiles import profile

REASON = podman_machine.missing()
if REASON is None and shutil.which("docker-registry") is None:
    REASON = "docker-registry is not installed (apt-get install docker-registry)"
pytestmark = [pytest.mark.images, pytest.mark.skipif(REASON is not None, reason=str(REASON))]
REVISION = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def registry(tmp_path):
    """Address of a registry on this machine that speaks plain HTTP."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    settings = {
        "version": 0.1,
        "log": {"level": "warn"},
        "storage": {"filesystem": {"rootdirectory": str(tmp_path / "registry")}},
        "http": {"addr": address},
    }
    (tmp_path / "registry.yml").write_text(json.dumps(settings))
    with open(tmp_path / "registry.log", "w") as log:
        command = ["docker-registry", "serve", str(tmp_path / "registry.yml")]
        server = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 60
        while not listens(address):
            assert server.poll() is None and time.monotonic() < deadline, (tmp_path / "registry.log").read_text()
            time.sleep(0.1)
        yield address
    finally:
        server.terminate()
        server.wait()


def listens(address):
    host, port = address.split(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return False
    return True


@pytest.fixture
def podman(tmp_path, registry, monkeypatch):
    """A machine with images of the names that pipelines need, a small file in each, whose Podman knows the registry."""
    (tmp_path / "podman").mkdir()
    settings = tmp_path / "registries.conf"
    settings.write_text(f'[[registry]]\nlocation = "{registry}"\ninsecure = true\n')
    monkeypatch.setenv("CONTAINERS_REGISTRIES_CONF", str(settings))
    with podman_machine.machine(tmp_path / "podman") as made:
        for name, value in made.environment.items():
            monkeypatch.setenv(name, value)
        for name in build.NAMES:
            imported(made, tmp_path / f"{name}.tar", name)
        yield made


def imported(made, archive, name):
    """The image `rlvr-NAME:dev`, which holds its name and nothing else."""
    with tarfile.open(archive, "w") as files:
        entry = tarfile.TarInfo("name")
        entry.size = len(name)
        files.addfile(entry, io.BytesIO(name.encode()))
    made.podman("import", str(archive), f"localhost/rlvr-{name}:dev")


def test_what_is_pushed_is_locked_compiled_and_pulled_by_digest(podman, registry, tmp_path, monkeypatch):
    monkeypatch.setattr(build, "commit", lambda: {"revision": REVISION, "epoch": "0", "created": ""})
    lock = tmp_path / "images.lock"
    for name in build.NAMES:
        build.lock(lock, name, build.push("podman", name, f"{registry}/team/"))
    locked = json.loads(lock.read_text())
    assert locked.keys() == {f"rlvr-{name}" for name in build.NAMES}
    for name in build.NAMES:
        reference = locked[f"rlvr-{name}"]
        assert reference.startswith(f"{registry}/team/rlvr-{name}@sha256:")
        before = podman.inspect(f"localhost/rlvr-{name}:dev")["Id"]
        podman.podman("rmi", "--force", before)
        podman.podman("pull", "--quiet", reference)
        assert podman.inspect(reference)["Id"] == before
        podman.podman("tag", reference, f"localhost/rlvr-{name}:dev")
    assert build.push("podman", "data", f"{registry}/team") == locked["rlvr-data"]
    pipeline = tmp_path / "r1_v.yaml"
    compile_pipeline(METHODS["r1_v"], profile("node", "r1_v"), pipeline, store="s3://bucket/store", lock=lock)
    found = next(yaml.safe_load_all(pipeline.read_text()))["deploymentSpec"]["executors"].values()
    assert {executor["container"]["image"] for executor in found} == set(locked.values())


def test_a_registry_that_does_not_answer_ends_the_build(podman, monkeypatch):
    monkeypatch.setattr(build, "commit", lambda: {"revision": REVISION, "epoch": "0", "created": ""})
    with pytest.raises(build.BuildError, match="`podman push` ended with code"):
        build.push("podman", "data", "127.0.0.1:9/team")
