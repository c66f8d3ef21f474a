"""Ending what a pipeline run left on the cluster: its TrainJobs that have not ended, by the label of the run."""

from rlvr.launch.cluster import Cluster, has_condition
from rlvr.launch.surroundings import surroundings
from rlvr.launch.train_job import MADE_BY, MANAGER, RUN, WORK
from rlvr.launch.waiting import ENDS


def cancel_run(run: str = "", cluster: Cluster | None = None, *, work: str | None = None) -> list[str]:
    """Delete the TrainJobs of a run that have not ended and return their names; `run` defaults to this pod's own.

    With the key of a piece of `work` only those that do it are deleted. Those that have ended hold no machine; they
    stay with their logs until the run's Workflow goes.
    """
    there = cluster or Cluster()
    labels = {MADE_BY: MANAGER, RUN: run or surroundings(there).run}
    running = [job["metadata"] for job in there.train_jobs(labels) if not has_condition(job, *ENDS)]
    names = [each["name"] for each in running if work is None or each.get("annotations", {}).get(WORK) == work]
    return [name for name in names if there.delete_train_job(name)]
