"""What Kubeflow Pipelines says of the runs that statements name: whether they, their tasks, pipeline and images agree.

A statement is signed by a key that every stage of a cluster may hold; Kubeflow's own books are kept elsewhere, so who
forges one has to forge both. Kubeflow forgets runs that people delete, which is a warning and no failure.
"""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from rlvr.errors import RlvrError
from rlvr.lineage.entry import Entry
from rlvr.lineage.finding import Finding, Severity
from rlvr.lineage.graph import label, read_by
from rlvr_pipelines.kubeflow.connection import Connection

KIND = "kubeflow"
DONE = ("SUCCEEDED", "RUNNING")
"""States of a task that may have signed something."""
CLOCKS = timedelta(minutes=5)
"""By how much the clocks of pods and of the API's machine may differ."""


def cross_check(connection: Connection, entries: Iterable[Entry]) -> list[Finding]:
    """What Kubeflow contradicts, or does not know, of the statements that pods of a run signed."""
    runs: dict[str, Any] = {}
    found: list[Finding] = []
    for entry in entries:
        run_id = run_of(entry)
        if not run_id:
            continue
        if run_id not in runs:
            runs[run_id] = _look(connection, run_id)
        found += _compare(entry, run_id, *runs[run_id])
    return found


def run_of(entry: Entry) -> str:
    """The run that a statement says it belongs to; empty for those that were not signed on a cluster."""
    details = entry.statement["predicate"]["runDetails"]
    if not str(details["builder"].get("id", "")).startswith("urn:rlvr:kubernetes:"):
        return ""
    return str(details["metadata"].get("invocationId", "")).rpartition("/")[0]


def _look(connection: Connection, run_id: str) -> tuple[Any, str, str]:
    """The run, its pipeline as text, and why it cannot be read."""
    client = connection.client
    try:
        run = connection.call(f"Looking at the run {run_id}", lambda: client.get_run(run_id))
    except RlvrError as error:
        return None, "", str(error)
    specification, reference = run.pipeline_spec, run.pipeline_version_reference
    if specification is None and reference is not None and reference.pipeline_version_id:
        what, names = "Looking at the run's pipeline", (reference.pipeline_id, reference.pipeline_version_id)
        try:
            specification = connection.call(what, lambda: client.get_pipeline_version(*names)).pipeline_spec
        except RlvrError:
            specification = None  # versions may be deleted; the run says what it can
    return run, json.dumps(specification, default=str) if specification else "", ""


def _compare(entry: Entry, run_id: str, run: Any, pipeline: str, problem: str) -> Iterator[Finding]:
    name = label(entry)

    def finding(message: str, severity: Severity = "failure") -> Finding:
        return Finding(kind=KIND, what=f"statement {entry.index}", message=message, severity=severity)

    if run is None:
        yield finding(f"stage {name} names the run {run_id}, which cannot be looked up: {problem}", "warning")
        return
    details = (run.run_details.task_details or []) if run.run_details else []
    tasks = [task for task in details if task.display_name == name]
    if not tasks:
        yield finding(f"the run {run_id} has no task {name}")
    elif not any(task.state in DONE for task in tasks):
        states = ", ".join(sorted({str(task.state).lower() for task in tasks}))
        yield finding(f"task {name} of the run {run_id} has not succeeded ({states})")
    elif not any(_within(entry, task) for task in tasks):
        yield finding(f"stage {name} says that it ended at another time than its task in the run {run_id}")
    if pipeline:
        read = {resource["name"]: resource.get("digest", {}).get("sha256", "") for resource in read_by(entry)}
        image, told = read.get("image", ""), set(re.findall(r"sha256:([0-9a-f]{64})", pipeline))
        if image and image not in told:
            yield finding(f"stage {name} ran in image sha256:{image[:12]}, which the pipeline of its run does not name")
        if (digest := read.get("pipeline", "")) and digest not in told:
            yield finding(f"stage {name} belongs to pipeline sha256:{digest[:12]}, and its run to another one")


def _within(entry: Entry, task: Any) -> bool:
    """Whether the stage ended while its task ran, as far as both tell."""
    ended = _moment(entry.statement["predicate"]["runDetails"]["metadata"].get("finishedOn"))
    start, end = _moment(task.start_time), _moment(task.end_time)
    if ended is None or (start and ended < start - CLOCKS):
        return ended is None
    return end is None or ended <= end + CLOCKS


def _moment(value: Any) -> datetime | None:
    """A time; None for what is none, and for the year 1, by which Kubeflow says that there is none."""
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        return None
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    return found if found.year > 1970 else None
