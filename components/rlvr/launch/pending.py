"""What keeps a TrainJob from running, told as it changes: a queue, a missing image, no machine with enough GPUs."""

import threading
from collections.abc import Sequence

from rlvr.errors import RlvrError
from rlvr.launch.cluster import Cluster, Json, has_condition
from rlvr.launch.train_log import container_state
from rlvr.launch.waiting import Rhythm
from rlvr.progress import report


class Pending:
    """Looks at the pods of a TrainJob now and then, and says so when what holds them up is another thing."""

    def __init__(self, cluster: Cluster, name: str, label: str, rhythm: Rhythm) -> None:
        """`label` is the stage's."""
        self.cluster, self.name, self.label, self.rhythm = cluster, name, label, rhythm
        self._over, self._told, self._suspended = threading.Event(), "", False
        self._thread = threading.Thread(target=self._run, name=f"pods of {name}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def finish(self) -> None:
        """End."""
        self._over.set()

    def see(self, job: Json) -> None:
        """Take notice of a TrainJob's state."""
        self._suspended = has_condition(job, "Suspended") is not None
        if self._suspended:
            queue = (job["metadata"].get("labels") or {}).get("kueue.x-k8s.io/queue-name")
            self._tell(f"waiting in the queue {queue}" if queue else "suspended")

    def _run(self) -> None:
        while not self._over.wait(self.rhythm.poll_seconds):
            try:
                if not self._suspended:
                    self._tell(obstacle(self.cluster.pods(self.name)))
            except RlvrError:
                continue  # whoever waits for the TrainJob says it

    def _tell(self, what: str) -> None:
        if what and what != self._told and not self._over.is_set():
            report(self.label, 0, 1, note=what)
        self._told = what


def obstacle(pods: Sequence[Json]) -> str:
    """Why pods do not run yet; empty when they do."""
    for pod in pods:
        waiting = container_state(pod).get("waiting") or {}
        if waiting.get("reason") not in (None, "ContainerCreating", "PodInitializing"):
            return f"pod {pod['metadata']['name']} waits: {waiting['reason']} ({_short(waiting.get('message'))})"
        for condition in (pod.get("status") or {}).get("conditions") or []:
            if condition["type"] == "PodScheduled" and condition["status"] == "False":
                return f"no machine for pod {pod['metadata']['name']} ({_short(condition.get('message'))})"
    return ""


def _short(text: str | None) -> str:
    return " ".join((text or "no reason given").split())[:200]
