"""Deleting TrainJobs that nobody waits for any more: `python -m rlvr.launch.reaper [--namespace NAMESPACE]`.

A TrainJob is deleted when it has not ended and the Workflow of its run is over, gone, or being terminated. Those made
outside a Workflow, or by somebody else, are left alone. Run it every few minutes (manifests/base has a CronJob).
"""

import argparse
import sys
from collections.abc import Sequence

from rlvr.errors import RlvrError
from rlvr.launch.cluster import Cluster, has_condition
from rlvr.launch.surroundings import workflow_is_ending
from rlvr.launch.train_job import MADE_BY, MANAGER, WORKFLOW, WORKFLOW_UID
from rlvr.launch.waiting import ENDS


def reap(cluster: Cluster) -> list[str]:
    """Delete what nobody waits for and return the names."""
    deleted = []
    for job in cluster.train_jobs({MADE_BY: MANAGER}):
        metadata = job["metadata"]
        workflow = (metadata.get("labels") or {}).get(WORKFLOW)
        uid = (metadata.get("annotations") or {}).get(WORKFLOW_UID)
        if has_condition(job, *ENDS) or metadata.get("deletionTimestamp"):
            continue
        if workflow_is_ending(cluster, workflow, uid) and cluster.delete_train_job(metadata["name"]):
            deleted.append(metadata["name"])
    return deleted


def main(arguments: Sequence[str]) -> int:
    """Reap once and say what was done."""
    parser = argparse.ArgumentParser(prog="python -m rlvr.launch.reaper", description=__doc__)
    parser.add_argument("--namespace", help="default: the pod's own, or the one of the current context")
    given = parser.parse_args(arguments)
    try:
        cluster = Cluster(given.namespace)
        deleted = reap(cluster)
    except RlvrError as error:
        print(error, file=sys.stderr)
        return 1
    for name in deleted:
        print(f"deleted TrainJob {name}: its run is over")
    print(f"{len(deleted)} TrainJobs deleted in namespace {cluster.namespace}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
