"""Every stage in a container of its own, through a Docker or Podman socket of this machine.

The images are those that a cluster runs; artifacts travel through an S3 store, as they do there. A container gets the
run's folder (progress, log, Kubeflow's small manifests), read-only the folders that the method reads, the key that
signs and OpenLineage's configuration, and what it must know of the environment, secrets included, as environment
variables: never as parameters, which are kept.
"""

import contextlib
import os
import platform
import secrets
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rlvr.errors import RlvrError
from rlvr.lineage.keys import SIGNING_KEY, configuration, signer
from rlvr.method import Method
from rlvr.progress import LOCK, VARIABLE
from rlvr_pipelines.container_run import run_container
from rlvr_pipelines.profiles import Profile

PASSED = (
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_MAX_ATTEMPTS", "AWS_EC2_METADATA_DISABLED",
    "HF_TOKEN", "HF_ENDPOINT", "HF_HUB_OFFLINE", "RLVR_JUDGE_URL", "RLVR_JUDGE_KEY", "OMP_NUM_THREADS",
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
)  # fmt: skip
"""Environment variables that stages see if they are set here."""
EVENTS = "OPENLINEAGE_"
"""Beginning of the names of those that say where OpenLineage events go; stages see all of them."""
EVENTS_FILE = "OPENLINEAGE_CONFIG"
"""The one that names a file; stages see the file, too, which may hold a key."""
CERTIFICATES = ("AWS_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
"""Variables that name a file of certificates; stages see the variable and the file."""
SOCKETS = ("/var/run/docker.sock", "$XDG_RUNTIME_DIR/podman/podman.sock", "/run/podman/podman.sock")
"""Where a runtime listens when DOCKER_HOST does not say."""
LABEL = "rlvr.run"
"""Label of the containers of one command."""
FOLDER = "rlvr.folder"
"""Label that names the run's folder, by which what a killed command left is found."""
USER = 1001
"""The images' own user; its group is 0, and so is every other user's that an image is run as."""


class Containers:
    """Runs the stages of one `rlvr run` in containers."""

    def __init__(self, method: Method, profile: Profile, *, lock: Path) -> None:
        """`lock` is `images/images.lock`; images that it does not name are those built here."""
        self.method, self.profile, self.lock = method, profile, lock
        self.token = secrets.token_hex(8)
        self.secret: tempfile.TemporaryDirectory[str] | None = None

    def images(self, store: str, say: Callable[[str], None]) -> dict[str, str]:
        """Image name -> a reference that the runtime has; what is named by digest is pulled if need be.

        Stores and runtimes with which no stage could work are refused, with the remedy.
        """
        from rlvr.stages.images import LMMS_EVAL
        from rlvr_pipelines.compile import images
        from rlvr_pipelines.pipeline import cross_checked

        if not store.startswith("s3://"):
            raise RlvrError(
                "--runner docker keeps artifacts in S3, for containers share no folder: add --store "
                "s3://bucket/prefix, and set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, for a server other than "
                "Amazon's, AWS_ENDPOINT_URL."
            )
        further = (LMMS_EVAL,) if cross_checked(self.method, self.profile) else ()
        wanted = images(self.lock, further, allow_unpinned=True)
        self._read()
        with _client() as client:
            return {name: _present(client, reference, say) for name, reference in wanted.items()}

    def runner(self, folder: Path) -> Any:
        """Kubeflow's runner, for a run whose files are in `folder`."""
        from docker.types import DeviceRequest, Mount
        from kfp import local
        from kfp.local import docker_task_handler

        docker_task_handler.run_docker_container = run_container
        (folder / "pipeline").mkdir(exist_ok=True)
        with _client() as client:
            about = client.info()
            _remove(client, {"label": f"{FOLDER}={folder}", "status": "exited"})
        options = [str(option) for option in about.get("SecurityOptions") or ()]
        shown = {str(folder): False, **{path: True for path in self._read()}}
        certificates = {name: path for name in CERTIFICATES if Path(path := os.environ.get(name, "")).is_file()}
        shown |= {path: True for path in certificates.values()}
        environment = {name: os.environ[name] for name in PASSED if name in os.environ} | certificates
        environment |= {name: value for name, value in os.environ.items() if name.startswith(EVENTS)}
        signer()  # makes the key if there is none
        environment[SIGNING_KEY] = os.environ.get(SIGNING_KEY) or str(configuration() / "signing-key.pem")
        for name in (SIGNING_KEY, EVENTS_FILE):
            if Path(path := environment.get(name, "")).is_file():
                environment[name] = self._readable(Path(path).resolve(), name)
                shown[environment[name]] = True
        environment[VARIABLE] = str(folder / "progress.jsonl")
        if about.get("KernelVersion") == platform.release():  # locks do not reach into a virtual machine
            environment[LOCK] = os.environ[LOCK]
        if modules := self._modules():
            environment["PYTHONPATH"] = os.pathsep.join(modules)
        gpus = any(pod.gpu for pod in self.profile.pods.values())
        return local.DockerRunner(
            network_mode="host",
            environment=environment,
            mounts=[Mount(target=path, source=path, type="bind", read_only=fixed) for path, fixed in shown.items()],
            user=_user(folder, rootless=any("rootless" in option for option in options)),
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"] + ["label=disable"] * any("selinux" in option for option in options),
            labels={LABEL: self.token, FOLDER: str(folder)},
            shm_size="8g",  # processes of one stage talk through it; a limit, not a reservation
            **({"device_requests": [DeviceRequest(count=-1, capabilities=[["gpu"]])]} if gpus else {}),
        )

    def stop(self) -> None:
        """End the containers that this command started and that are still there."""
        from docker.errors import DockerException

        if self.secret is not None:
            self.secret.cleanup()
        with contextlib.suppress(RlvrError, DockerException), _client() as client:
            _remove(client, {"label": f"{LABEL}={self.token}"})

    def _readable(self, path: Path, name: str) -> str:
        """A file that the user that stages are run as can read: `path`, or a copy that goes with this command."""
        if os.getuid() != 0:
            return str(path)
        if self.secret is None:
            self.secret = tempfile.TemporaryDirectory(prefix="rlvr-key-")
            Path(self.secret.name).chmod(0o750)
        copy = Path(self.secret.name) / f"{name.lower()}{path.suffix}"
        copy.touch(mode=0o640)
        copy.write_bytes(path.read_bytes())
        return str(copy)

    def _read(self) -> list[str]:
        """Folders of this machine that stages read: data, base model, code of one's own rewards."""
        scaled = self.profile.scaled(self.method)
        places = {scaled.backbone.location, *(task.source.location for task in scaled.tasks)}
        places |= {benchmark.source.location for benchmark in scaled.benchmarks}
        folders = {place for place in places if Path(place).is_dir()}
        if relative := sorted(place for place in folders if not Path(place).is_absolute()):
            raise RlvrError(
                f"Containers do not know the current folder; with --runner docker, give the folder {relative[0]} by "
                f"its whole path: {Path(relative[0]).resolve()}."
            )
        return sorted({*folders, *self._modules()})

    def _modules(self) -> list[str]:
        """Where Python finds the modules of one's own rewards; `rlvr_pipelines.own` puts these into PYTHONPATH."""
        paths = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
        names = {reward.function.__module__.replace(".", "/") for reward in self.profile.rewards}
        return [
            path
            for path in paths
            if any(Path(path, f"{name}.py").is_file() or Path(path, name).is_dir() for name in names)
        ]


@contextlib.contextmanager
def _client() -> Iterator[Any]:
    """A connection to the runtime."""
    try:
        import docker
    except ImportError as error:
        raise RlvrError(
            "--runner docker needs the package `docker`: python -m pip install 'rlvr[containers]'."
        ) from error
    host = os.environ.get("DOCKER_HOST", "")
    if not host:
        found = [path for path in map(os.path.expandvars, SOCKETS) if Path(path).is_socket()]
        host = f"unix://{found[0]}" if found else ""
        if host:
            os.environ["DOCKER_HOST"] = host  # Kubeflow's runner asks the environment, too
    if host and not host.startswith(("unix://", "npipe://")):
        raise RlvrError(
            f"DOCKER_HOST is {host}, a runtime elsewhere, which sees no folder of this machine. Use a local socket."
        )
    try:
        _reach(host)
        client = docker.from_env()
    except (OSError, docker.errors.DockerException) as error:
        where = host.removeprefix("unix://") or "any of " + ", ".join(SOCKETS)
        raise RlvrError(
            f"No container runtime answers at {where}. Start Docker, or `systemctl --user start podman.socket`, or "
            "`podman system service --time=0 unix:///PATH` with DOCKER_HOST=unix:///PATH."
        ) from error
    try:
        yield client
    finally:
        client.close()


def _remove(client: Any, filters: dict[str, str]) -> None:
    """Remove the containers that are so, running or not."""
    from docker.errors import DockerException

    for container in client.containers.list(all=True, filters=filters, ignore_removed=True):
        with contextlib.suppress(DockerException):  # its own command removed it
            container.remove(force=True)


def _reach(host: str) -> None:
    """`OSError` when nobody listens at a socket of this machine."""
    if host.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(host.removeprefix("unix://"))


def _present(client: Any, reference: str, say: Callable[[str], None]) -> str:
    """The image's name as the runtime lists it; one named by digest is pulled if it is not there."""
    from docker.errors import DockerException, ImageNotFound

    try:
        image = client.images.get(reference)
    except ImageNotFound:
        if "@" not in reference:
            raise RlvrError(
                f"There is no image {reference}. Build the images here with `make images`, or name images by digest "
                "in images/images.lock (--lock)."
            ) from None
        say(f"Pulling {reference}")
        try:
            client.images.pull(reference)
        except DockerException as error:
            raise RlvrError(f"{reference} cannot be pulled: {error}. Log in to its registry, or build it.") from error
        return reference
    if "@" in reference:
        return reference
    return str(next((tag for tag in image.tags if tag.endswith(f"/{reference}")), reference))


def _user(folder: Path, *, rootless: bool) -> str:
    """Whom stages run as: never root of this machine, and able to write `folder`."""
    if rootless:
        return "0:0"  # which is the user who runs the runtime
    if os.getuid() != 0:
        return f"{os.getuid()}:0"
    for path in (folder, folder / "pipeline", folder / "progress.jsonl", folder / "lock"):
        path.chmod(path.stat().st_mode | 0o060)
        os.chown(path, -1, 0)
    return f"{USER}:0"
