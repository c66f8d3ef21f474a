"""Waiting until a TrainJob has ended, however often the connection to the cluster breaks.

Each round reads the TrainJob as it is and then follows its changes from there, so nothing is missed when a watch ends,
expires (410), breaks off, or is refused; where watching is not allowed the TrainJob is read again and again.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from rlvr.errors import RlvrError
from rlvr.launch.api_errors import explain
from rlvr.launch.cluster import Cluster, Json, has_condition
from rlvr.patience import is_refusal, may_pass, status_of

ENDS = ("Complete", "Failed")
"""Conditions after which nothing more happens to a TrainJob. Suspended is none: Kueue may let it wait for days."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rhythm:
    """How often a cluster is asked."""

    watch_seconds: int = 300
    """Length of a watch."""
    poll_seconds: float = 10.0
    """Pause between two looks where watching is not possible, and between two looks at pods."""
    pause_seconds: float = 1.0
    """Least time between the beginnings of two watches."""


def wait(cluster: Cluster, name: str, seen: Callable[[Json], None], rhythm: Rhythm) -> Json:
    """The TrainJob once it is complete or has failed; `seen` receives every state on the way.

    `RlvrError` when it is deleted meanwhile.
    """
    watching = True
    while True:
        began = time.monotonic()
        job = cluster.train_job(name)
        if job is None:
            raise _deleted(name)
        seen(job)
        if has_condition(job, *ENDS):
            return job
        if not watching:
            time.sleep(rhythm.poll_seconds)
            continue
        try:
            version = job["metadata"]["resourceVersion"]
            for kind, state in cluster.watch_train_job(name, version, rhythm.watch_seconds):
                if kind == "DELETED":
                    raise _deleted(name)
                seen(state)
                if has_condition(state, *ENDS):
                    return state
        except Exception as error:
            watching = _goes_on(error, name)
        time.sleep(max(0.0, rhythm.pause_seconds - (time.monotonic() - began)))


def _goes_on(error: Exception, name: str) -> bool:
    """Whether a new watch may follow this failure; False where only reading is allowed; anything else is raised."""
    status, _ = status_of(error)
    if is_refusal(error):
        if status in (403, 405):
            return False
        if status != 410 and not may_pass(status):
            raise explain(f"TrainJob {name} cannot be watched", error) from error
        return True
    broken_off = isinstance(error, ValueError)  # in the middle of a line
    if not broken_off and not may_pass(status):
        raise error
    return True


def _deleted(name: str) -> RlvrError:
    return RlvrError(
        f"TrainJob {name} was deleted before it ended, by hand or because its run was cancelled. Run the stage again "
        f"to go on from its newest checkpoint."
    )
