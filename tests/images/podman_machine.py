"""Podman with a storage, a socket and settings of its own, which work without systemd and in nested machines."""

import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

SETTINGS = """[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
netns = "host"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
"""


def missing():
    """Why images cannot be built and run here; None when they can."""
    absent = [name for name in ("podman", "runc", "debootstrap") if shutil.which(name) is None]
    if absent:
        return f"{', '.join(absent)} not installed (apt-get install podman runc debootstrap)"
    return None if os.getuid() == 0 else "debootstrap and Podman's overlay storage need root here"


def wheels_missing(requirements):
    """Why the images' torch cannot be had here, where pip looks for packages; None when it can."""
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--no-deps", "--quiet"]
    done = subprocess.run([*command, "--requirement", str(requirements)], capture_output=True, text=True)
    wanted = requirements.read_text().strip()
    return None if done.returncode == 0 else f"pip here finds no {wanted}, which the images of variant cpu hold"


class Machine:
    """Runs podman commands; `environment` lets other programs use the same storage and socket."""

    def __init__(self, folder):
        self.socket = folder / "podman.sock"
        (folder / "containers.conf").write_text(SETTINGS)
        storage = f'[storage]\ndriver = "overlay"\ngraphroot = "{folder}/storage"\nrunroot = "{folder}/state"\n'
        (folder / "storage.conf").write_text(storage)
        self.environment = {
            **os.environ,
            "CONTAINERS_CONF": str(folder / "containers.conf"),
            "CONTAINERS_STORAGE_CONF": str(folder / "storage.conf"),
            "DOCKER_HOST": f"unix://{self.socket}",
        }

    def podman(self, *arguments, check=True):
        done = subprocess.run(["podman", *arguments], env=self.environment, capture_output=True, text=True)
        assert done.returncode == 0 or not check, done.stdout + done.stderr
        return done.stdout

    def obstacle(self, image):
        """Why not even an empty command runs in a container here; None when it does."""
        command = ["podman", "run", "--rm", "--network", "none", image, "true"]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True)
        return None if done.returncode == 0 else f"Podman cannot run containers here: {done.stderr.strip()[-300:]}"

    def inspect(self, image):
        return json.loads(self.podman("image", "inspect", image))[0]


@contextmanager
def machine(folder, keep=False):
    """A machine whose socket answers; all of it is gone afterwards unless it is to be kept."""
    made = Machine(folder)
    made.socket.unlink(missing_ok=True)
    command = ["podman", "system", "service", "--time=0", f"unix://{made.socket}"]
    with open(folder / "service.log", "w") as log:
        service = subprocess.Popen(command, env=made.environment, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 20
        while not made.socket.is_socket():
            assert service.poll() is None and time.monotonic() < deadline, (folder / "service.log").read_text()
            time.sleep(0.1)
        yield made
    finally:
        service.terminate()
        service.wait()
        if not keep:
            made.podman("system", "reset", "--force", check=False)
            shutil.rmtree(folder / "storage", ignore_errors=True)


class NoBase(Exception):
    """Debian cannot be had here."""


def debian_base(made, folder):
    """The image `localhost/rlvr-base:test`: Debian with Python, made by debootstrap unless it is there.

    Raises `NoBase` where no mirror of Debian can be reached.
    """
    name = "localhost/rlvr-base:test"
    if name in made.podman("images", "--format", "{{.Repository}}:{{.Tag}}").split():
        return name
    root = Path(folder) / "debian"
    packages = "--include=ca-certificates,python3,python3-venv"
    command = ["debootstrap", "--variant=minbase", packages, "bookworm", str(root)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise NoBase(f"debootstrap makes no Debian here: {(done.stdout + done.stderr).strip()[-300:]}")
    archive = Path(folder) / "debian.tar"
    subprocess.run(["tar", "-C", str(root), "-cf", str(archive), "."], check=True)
    shutil.rmtree(root)
    made.podman("import", str(archive), name)
    archive.unlink()
    return name
