"""Why a TrainJob failed: what its pods, their last lines and the cluster's events say, kept in the store.

Kubeflow drops the outputs of a failed stage, so the report goes to the store as `failures/<TrainJob>.json`.
"""

import json
from dataclasses import dataclass
from typing import Any

from rlvr.errors import RlvrError
from rlvr.launch.cluster import Cluster, Json, has_condition
from rlvr.launch.stopping import EXIT_CODE
from rlvr.launch.train_log import container_state, has_started, number
from rlvr.printable import printable
from rlvr.redaction import redacted
from rlvr.store import Store

TAIL = 200
"""Last lines of each pod that are kept."""
SHOWN = 20
"""Of these, how many are printed."""
EVICTIONS = ("Evicted", "Preempting", "Preempted", "NodeLost", "NodeShutdown", "Shutdown", "Terminated", "NodeAffinity")
"""Reasons of pods that the cluster took away."""
OUT_OF_MEMORY = "OOMKilled"
"""Reason of a container that wanted more memory than it may have."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """What is known of a TrainJob that failed."""

    message: str
    """What went wrong, in words for people."""
    interrupted: bool
    """Whether the cluster took pods away, so that a new TrainJob goes on where this one stopped."""
    document: Json
    """Everything, as it is kept in the store."""


def diagnose(cluster: Cluster, job: Json) -> Failure:
    """Ask the cluster about a TrainJob that failed; what it does not tell is left out."""
    name = job["metadata"]["name"]
    condition = has_condition(job, "Failed") or {"reason": "unknown", "message": ""}
    pods = [_describe(cluster, pod) for pod in _tolerant(cluster.pods, name) or []]
    events = _events(cluster, [name, *(str(pod["name"]) for pod in pods)])
    document = {
        "train_job": name,
        "namespace": cluster.namespace,
        "reason": condition.get("reason"),
        "message": condition.get("message"),
        "pods": pods,
        "events": events,
    }
    reason = str(condition.get("reason"))
    message = _message(reason, str(condition.get("message") or ""), pods)
    late = reason == "DeadlineExceeded"
    return Failure(
        message=message,
        interrupted=not late and _interrupted(pods),
        document={**document, "diagnosis": message, "final": late or _own_fault(pods)},
    )


def keep_report(keep: Store, failure: Failure) -> str:
    """Write the report to the store and return its key."""
    key = report_key(str(failure.document["train_job"]))
    keep.write(key, json.dumps(failure.document, indent=1, sort_keys=True), overwrite=True)
    return key


def report_key(train_job: str) -> str:
    """Where the store keeps the report on a TrainJob."""
    return f"failures/{train_job}.json"


def final_diagnosis(keep: Store, train_job: str) -> str | None:
    """Why a TrainJob failed if nothing but a change can mend that; None when another one may end otherwise."""
    try:
        told = json.loads(keep.read(report_key(train_job)) or "{}")
        return str(told["diagnosis"]) if told["final"] else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def show_others(failure: Failure) -> None:
    """Print the last lines of the pods that failed, but for the first one, whose lines have been printed already."""
    for pod in failure.document["pods"]:
        if pod["node"] != 0 and pod["exit_code"] not in (None, 0, EXIT_CODE):
            print(f"--- last lines of pod {pod['name']} (exit code {pod['exit_code']})", flush=True)
            for line in pod["last_lines"][-SHOWN:]:
                print(printable(line), flush=True)


def _describe(cluster: Cluster, pod: Json) -> Json:
    """What a pod says: phase, exit code, reasons, its own message, and its last lines where it did not end well."""
    name, status = pod["metadata"]["name"], pod.get("status") or {}
    state = container_state(pod)
    ended = state.get("terminated") or {}
    disrupted = [each for each in status.get("conditions") or [] if each["type"] == "DisruptionTarget"]
    said = _said(ended.get("message"))
    lines = _tolerant(lambda: list(cluster.log(name, tail=TAIL))) if has_started(pod) else None
    return {
        "name": name,
        "node": number(pod),
        "machine": (pod.get("spec") or {}).get("nodeName"),
        "phase": status.get("phase"),
        "reason": status.get("reason") or ended.get("reason") or (state.get("waiting") or {}).get("reason"),
        "exit_code": ended.get("exitCode"),
        "disruption": disrupted[0].get("reason") if disrupted and disrupted[0].get("status") == "True" else None,
        "finished": ended.get("finishedAt"),
        "error": said,
        "last_lines": [redacted(line.partition(" ")[2]) for line in lines or []],
    }


def _said(message: Any) -> Json | None:
    """What a worker left as its termination message."""
    try:
        told = json.loads(message)
        return {
            "time": float(told["time"]),
            "readable": bool(told["readable"]),
            "may_pass": bool(told.get("may_pass")),
            "message": redacted(str(told["message"])),
        }
    except (ValueError, KeyError, TypeError):
        return None


def _own_fault(pods: list[Json]) -> bool:
    """Whether a pod wanted more memory than it may have, or a stage said what has to be mended."""
    errors = [pod["error"] for pod in pods if pod["error"]]
    foreseen = any(error["readable"] and not error["may_pass"] for error in errors)
    return foreseen or any(pod["reason"] == OUT_OF_MEMORY for pod in pods)


def _interrupted(pods: list[Json]) -> bool:
    """Whether pods were taken away, told to stop or left alone by a server, and none failed for a reason of its own.

    When one pod is taken away the others lose their connection to it and fail, too; when one fails, the cluster tells
    the others to stop.
    """
    if _own_fault(pods):
        return False
    if not pods or any(pod["disruption"] or pod["reason"] in EVICTIONS for pod in pods):
        return True
    if any((pod["error"] or {}).get("may_pass") for pod in pods):
        return True
    codes = {pod["exit_code"] for pod in pods}
    return EXIT_CODE in codes and codes <= {0, EXIT_CODE, None}


def _message(reason: str, said: str, pods: list[Json]) -> str:
    """The first cause: the deadline, want of memory, a worker's own words, or what is left to say."""
    if reason == "DeadlineExceeded":
        return "It was ended because it took longer than scale.job.deadline_seconds; raise that."
    for pod in pods:
        if pod["reason"] == OUT_OF_MEMORY:
            return (
                f"Pod {pod['name']} was killed because it used more memory than it may have. Raise scale.job.memory, "
                f"or set scale.zero_stage, scale.gradient_checkpointing or a smaller scale.micro_batch_tokens."
            )
    told = [pod for pod in pods if pod["error"]]
    if told:
        first = min(told, key=lambda pod: (not pod["error"]["readable"], pod["error"]["time"]))
        return f"Pod {first['name']}: {first['error']['message']}"
    if taken := [pod for pod in pods if pod["disruption"] or pod["reason"] in EVICTIONS]:
        return f"Pod {taken[0]['name']} was taken away ({taken[0]['disruption'] or taken[0]['reason']})."
    failed = [pod for pod in pods if pod["exit_code"] not in (None, 0, EXIT_CODE)]
    if failed:
        first = min(failed, key=lambda pod: str(pod["finished"]))
        last = next((line for line in reversed(first["last_lines"]) if line.strip()), "it wrote nothing")
        return f"Pod {first['name']} ended with exit code {first['exit_code']}. Its last line: {last}"
    if stopped := [pod for pod in pods if pod["exit_code"] == EXIT_CODE]:
        return f"Pod {stopped[0]['name']} was told to stop and saved a checkpoint."
    waiting = next((pod for pod in pods if pod["exit_code"] is None and pod["reason"]), None)
    further = f" Pod {waiting['name']} was still waiting: {waiting['reason']}." if waiting else ""
    return f"The cluster says {reason}{f': {said}' if said else ''}.{further}"


def _events(cluster: Cluster, names: list[str]) -> list[Json]:
    """Events of the objects of these names, oldest first."""
    found = [event for name in names for event in _tolerant(cluster.events, name) or []]
    kept = [
        {
            "object": event["involvedObject"]["name"],
            "type": event.get("type"),
            "reason": event.get("reason"),
            "message": event.get("message"),
            "count": event.get("count") or 1,
            "last": event.get("lastTimestamp") or event.get("eventTime") or "",
        }
        for event in found
    ]
    return sorted(kept, key=lambda event: (str(event["last"]), str(event["object"])))


def _tolerant(ask: Any, *arguments: str) -> Any:
    """The answer, or None: a report with gaps is better than none."""
    from kubernetes.client import ApiException
    from urllib3.exceptions import HTTPError

    try:
        return ask(*arguments)
    except (RlvrError, ApiException, HTTPError, OSError):
        return None
