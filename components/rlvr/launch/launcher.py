"""Launching a training stage as a TrainJob from the stage's own small pod, and bringing back what it made.

The TrainJob's name follows from run, stage and attempt. So a pod that is started again finds the TrainJob of the one
before and goes on watching it; only after one that failed a new one is made, which resumes from the checkpoints that
the store keeps by the work's key. A pod that Kubeflow repeats by itself makes none after a failure that nothing but a
change can mend: it ends with the same words at once. People who run the stage again get a new one.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from rlvr.errors import RlvrError
from rlvr.launch.cancel import cancel_run
from rlvr.launch.cluster import KUEUE, TRAINER, Cluster, Json, has_condition
from rlvr.launch.failure import diagnose, final_diagnosis, keep_report, report_key, show_others
from rlvr.launch.pending import Pending
from rlvr.launch.stopping import Stopped
from rlvr.launch.surroundings import Surroundings, surroundings, workflow_is_ending
from rlvr.launch.train_job import SPECIFICATION, train_job, train_job_name
from rlvr.launch.train_log import TrainLog, relay
from rlvr.launch.waiting import Rhythm, wait
from rlvr.launch.work import Work, write_work
from rlvr.patience import ApiError
from rlvr.progress import report
from rlvr.store import Store
from rlvr.training import Scale

MOST_ATTEMPTS = 99
"""TrainJobs of one stage of one run at most."""


class Terminated(BaseException):
    """Raised where this process was told to end."""


def launch_train_job(
    keep: Store, work: Work, scale: Scale, *, cluster: Cluster | None = None, rhythm: Rhythm | None = None
) -> None:
    """Have `work` done by a TrainJob; afterwards the store holds its record.

    A TrainJob whose pods were evicted or preempted is begun again, `restarts` times at most. `RlvrError` says why one
    failed and where the report on it is; `Stopped` follows on SIGTERM.
    """
    assert scale.job is not None
    there = cluster or Cluster()
    pace = rhythm or Rhythm()
    around = surroundings(there)
    _check(there, scale)
    if repeated():
        _refuse_what_is_hopeless(there, keep, work, around)
    write_work(keep, work)
    try:
        with _raise_on_termination():
            ended = _to_the_end(there, keep, work, scale, around, pace)
    except Terminated as terminated:
        raise Stopped(_leave(there, work, around)) from terminated
    if keep.read(f"records/{work.key}.json") is None:
        raise RlvrError(
            f"TrainJob {name_of(ended)} is complete, but {keep.url} has no record of its result. Check that its pods "
            f"use the same store, delete the TrainJob and run the stage again."
        )


def repeated() -> bool:
    """Whether Kubeflow started this pod because the one before it failed, and not because anybody asked for it."""
    return os.environ.get("KFP_RETRY_INDEX", "0") not in ("", "0")


def _refuse_what_is_hopeless(cluster: Cluster, keep: Store, work: Work, around: Surroundings) -> None:
    """`RlvrError` when the newest TrainJob of this stage and run failed for a reason of its own."""
    newest = None
    for attempt in range(1, MOST_ATTEMPTS + 1):
        found = cluster.train_job(train_job_name(around.run, work, attempt))
        if found is None:
            break
        newest = found
    if newest is None or not has_condition(newest, "Failed"):
        return
    if why := final_diagnosis(keep, name_of(newest)):
        raise RlvrError(_failed(work, name_of(newest), why, report_key(name_of(newest)), keep))


def _failed(work: Work, name: str, why: str, place: str, keep: Store) -> str:
    return (
        f"Stage {work.label} failed on the cluster (TrainJob {name}). {why} The report is {place} in {keep.url}; the "
        f"stage goes on from its newest checkpoint when it is run again."
    )


def _to_the_end(there: Cluster, keep: Store, work: Work, scale: Scale, around: Surroundings, pace: Rhythm) -> Json:
    """TrainJob after TrainJob until one is complete; returns that one."""
    assert scale.job is not None
    attempt, restarts = 1, 0
    while True:
        attempt, job = _attach(there, keep, work, scale, around, pace, attempt)
        ended = _watch(there, name_of(job), work, pace)
        if has_condition(ended, "Complete"):
            return ended
        failure = diagnose(there, ended)
        place = keep_report(keep, failure)
        show_others(failure)
        name, attempt = name_of(ended), attempt + 1
        if not failure.interrupted or restarts == scale.job.restarts:
            tried = f" It was begun again {restarts} times before." if restarts else ""
            raise RlvrError(_failed(work, name, f"{failure.message}{tried}", place, keep))
        restarts += 1
        report(work.label, 0, 1, note=f"{failure.message} Beginning again from the newest checkpoint.")


def name_of(resource: Json) -> str:
    """Name of a resource."""
    return str(resource["metadata"]["name"])


def _check(cluster: Cluster, scale: Scale) -> None:
    """`RlvrError` when runtime or queue are not there: a TrainJob without them would wait for ever."""
    assert scale.job is not None
    wanted = [(TRAINER, "trainingruntimes", scale.job.runtime, "manifests/base", "runtime")]
    if scale.job.queue:
        wanted.append((KUEUE, "localqueues", scale.job.queue, "manifests/overlays/kueue", "queue"))
    for api, plural, name, folder, field in wanted:
        try:
            found = cluster.resource(api, plural, name) is not None
        except ApiError as error:
            found = error.status == 403  # who may not look has to trust the profile
            if not found:
                raise
        if not found:
            raise RlvrError(
                f"Namespace {cluster.namespace} has no {plural}/{name} ({api.group}/{api.version}). Apply {folder} "
                f"there, or name another one in the profile (scale.job.{field})."
            )


def _attach(
    cluster: Cluster, keep: Store, work: Work, scale: Scale, around: Surroundings, pace: Rhythm, attempt: int
) -> tuple[int, Json]:
    """The TrainJob to wait for, made if need be, and the number of its attempt: the first that has not failed."""
    while attempt <= MOST_ATTEMPTS:
        wanted = train_job(work, scale, around, keep.url, attempt)
        name = name_of(wanted)
        found = cluster.train_job(name)
        if found is None:
            if cluster.create_train_job(wanted):
                report(work.label, 0, 1, note=f"launched as TrainJob {name}")
                return attempt, wanted
            time.sleep(pace.pause_seconds)
            continue  # somebody else was quicker: look at what it is
        asked, there = (each["metadata"].get("annotations", {}).get(SPECIFICATION) for each in (wanted, found))
        if asked != there:
            raise RlvrError(
                f"There is a TrainJob {name} already and it asks for something else than this stage does. Delete it "
                f"(kubectl delete trainjob {name} -n {cluster.namespace}) and run the stage again."
            )
        lost = has_condition(found, "Complete") and keep.read(f"records/{work.key}.json") is None
        if not has_condition(found, "Failed") and not found["metadata"].get("deletionTimestamp") and not lost:
            report(work.label, 0, 1, note=f"TrainJob {name} is already there")
            return attempt, found
        attempt += 1
    raise RlvrError(f"Stage {work.label} has failed {MOST_ATTEMPTS} times in this run; start a new run.")


def _watch(cluster: Cluster, name: str, work: Work, pace: Rhythm) -> Json:
    """Wait for the end of a TrainJob, telling meanwhile what it does."""
    log = TrainLog(cluster, name, relay(work.label), pace)
    pending = Pending(cluster, name, work.label, pace)
    log.start()
    pending.start()
    try:
        return wait(cluster, name, pending.see, pace)
    finally:
        pending.finish()
        log.finish()


def _leave(cluster: Cluster, work: Work, around: Surroundings) -> str:
    """Delete the TrainJob if its run is being ended; else it goes on, and the next pod of this stage finds it."""
    try:
        if workflow_is_ending(cluster, around.workflow, around.workflow_uid):
            deleted = cancel_run(around.run, cluster, work=work.key)
            return f"The run is ending, so TrainJob {', '.join(deleted) or 'none'} was deleted."
    except RlvrError as error:
        print(error, file=sys.stderr)
    return "This pod was told to end; its TrainJob goes on, and the stage finds it when it is run again."


@contextmanager
def _raise_on_termination() -> Iterator[None]:
    """Within, SIGTERM raises `Terminated` in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough; Kubernetes kills after the grace period
        raise Terminated

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
