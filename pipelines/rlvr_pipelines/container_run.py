"""One container from its start to its exit code, for Kubeflow's runner, whose own way loses the code and may never end.

Kubeflow lets the runtime remove a container as it ends and then asks for its exit code: who asks too late is told of
success, whatever happened, and some releases of Podman never answer whoever waits for a container that ended at once
(https://github.com/containers/podman/issues/28514). Here the container stays until its state has been read.
"""

import contextlib
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

POLL_SECONDS = 0.2
"""Between two looks at a container's state."""
LAST_LINES_SECONDS = 10
"""What a container that ended has left to say may take."""
ENDED = ("exited", "stopped", "dead")
"""States after which a container has an exit code; Podman knows the second."""


def run_container(client: Any, image: str, command: Sequence[str], volumes: Mapping[str, Any], **options: Any) -> int:
    """Run a command in an image that the runtime has, print what it says, remove it; its exit code.

    Takes the place of `run_docker_container` of kfp/local/docker_task_handler.py. Raises `docker.errors.NotFound` for a
    container that someone else removed.
    """
    print(f"Image {image}")
    container = client.containers.run(
        image=image, command=list(command), volumes=dict(volumes), detach=True, stdout=True, stderr=True, **options
    )
    try:
        listener = threading.Thread(target=_print, args=(container,), daemon=True)
        listener.start()
        while container.status not in ENDED:
            time.sleep(POLL_SECONDS)
            container.reload()
        listener.join(LAST_LINES_SECONDS)
        return int(container.attrs["State"]["ExitCode"])
    finally:
        from docker.errors import DockerException

        with contextlib.suppress(DockerException):  # someone else removed it
            container.remove(force=True)


def _print(container: Any) -> None:
    from docker.errors import DockerException

    with contextlib.suppress(DockerException):  # it was removed meanwhile
        for line in container.logs(stream=True):
            print(line.decode(errors="replace"), end="")
