"""What the first pod of a TrainJob writes, line by line: progress is passed on as such, the rest is printed.

A connection that breaks is made again from the time stamp of the last line; pods that follow upon an eviction are
followed in turn.
"""

import threading
from collections.abc import Callable, Sequence

from rlvr.errors import RlvrError
from rlvr.launch.cluster import NODE, Cluster, Json
from rlvr.launch.waiting import Rhythm
from rlvr.printable import printable
from rlvr.progress import progress_line, report
from rlvr.redaction import redacted

INDEX = "batch.kubernetes.io/job-completion-index"
"""Label with a pod's number among those of its TrainJob."""
PATIENCE_SECONDS = 10.0
"""How long the last lines of a finished TrainJob are waited for."""


class TrainLog:
    """Follows the log of a TrainJob's first pod in a thread of its own until `finish`."""

    def __init__(self, cluster: Cluster, name: str, write: Callable[[str], None], rhythm: Rhythm) -> None:
        """`write` receives each line without its time stamp, once."""
        self.cluster, self.name, self.write, self.rhythm = cluster, name, write, rhythm
        self._over, self._lock = threading.Event(), threading.Lock()
        self._pod, self._last, self._same = "", "", 0
        self._thread = threading.Thread(target=self._run, name=f"log of {name}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def finish(self) -> None:
        """Read what is still there, for some seconds at most, and end."""
        self._over.set()
        self._thread.join(PATIENCE_SECONDS)
        if self._thread.is_alive():  # a connection that hangs; its lines are read once more by another
            self._try(follow=False)

    def _run(self) -> None:
        pause = 0.0
        while not self._over.wait(pause):
            found = self._try(follow=True)
            pause = self.rhythm.pause_seconds if found else self.rhythm.poll_seconds
        self._try(follow=False)

    def _try(self, *, follow: bool) -> bool:
        """One connection; whatever breaks it is no reason to give up training. False when there is no pod yet."""
        from kubernetes.client import ApiException
        from urllib3.exceptions import HTTPError

        try:
            pod = first_pod(self.cluster.pods(self.name))
            if pod is None:
                return False
            if pod != self._pod:
                self._pod, self._last, self._same = pod, "", 0
            self._read(pod, follow)
        except (RlvrError, ApiException, HTTPError, OSError):
            pass
        return True

    def _read(self, pod: str, follow: bool) -> None:
        """Pass on the lines after the last one; those of its very time stamp come again and are counted off."""
        skip, since = self._same, self._last
        for line in self.cluster.log(pod, since[:19] + "Z" if since else None, follow=follow):
            stamp, _, text = line.partition(" ")
            with self._lock:
                if stamp < since or (stamp == since and skip > 0):
                    skip -= stamp == since
                    continue
                self._same = self._same + 1 if stamp == self._last else 1
                self._last = stamp
                self.write(text)


def first_pod(pods: Sequence[Json]) -> str | None:
    """Name of the newest pod number 0 whose container has started."""
    started = [pod["metadata"]["name"] for pod in pods if number(pod) == 0 and has_started(pod)]
    return started[-1] if started else None


def number(pod: Json) -> int:
    """A pod's number among those of its TrainJob."""
    return int((pod["metadata"].get("labels") or {}).get(INDEX, 0))


def has_started(pod: Json) -> bool:
    """Whether the training container runs or has run."""
    return bool({"running", "terminated"} & container_state(pod).keys())


def container_state(pod: Json) -> Json:
    """State of the training container, `waiting`, `running` or `terminated`, with its details; empty if unknown."""
    statuses = (pod.get("status") or {}).get("containerStatuses") or []
    return next((status.get("state") or {} for status in statuses if status["name"] == NODE), {})


def relay(label: str) -> Callable[[str], None]:
    """What to do with a line of stage `label`: progress is reported here as well, other lines are printed.

    The beginning and the end of a stage are told by the launcher itself.
    """

    def write(line: str) -> None:
        told = progress_line(line)
        if told is None:
            print(printable(redacted(line)), flush=True)
        elif "event" not in told:
            values = {key: value for key, value in told.items() if key not in ("stage", "step", "total", "time")}
            report(label, told["step"], told["total"], **values)

    return write
