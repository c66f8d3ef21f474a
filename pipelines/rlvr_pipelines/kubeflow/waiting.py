"""Waiting for a run: every state that it can end in ends the wait, each with an exit code of its own.

| code | state | |
|---|---|---|
| 0 | SUCCEEDED, SKIPPED | done |
| 1 | FAILED | a task failed; the message names it |
| 3 | still running | the time that `--timeout` allows is over |
| 4 | CANCELED | somebody cancelled it |

(2 is a command line that cannot be understood.)
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rlvr_pipelines.kubeflow.connection import Connection

EXIT_CODES = {"SUCCEEDED": 0, "SKIPPED": 0, "FAILED": 1, "CANCELED": 4}
"""Terminal states of a run and what the command exits with."""
STILL_RUNNING = 3
"""Exit code when the wait ended before the run."""
OURS = ("root", "executor")
"""Names of nodes that Kubeflow adds for itself, beside those that end in `-driver`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskState:
    """One task of a run."""

    task_id: str
    """Identifier in Kubeflow."""
    name: str
    """Name shown."""
    state: str
    """PENDING, RUNNING, SUCCEEDED, SKIPPED, FAILED, CANCELED ..."""
    seconds: float | None
    """Time from its start to its end, or to now."""
    error: str
    """Message of a failed task, empty if Kubeflow has none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunState:
    """A run as it stands."""

    state: str
    """State of the whole run."""
    error: str
    """Message of the run, empty if Kubeflow has none."""
    tasks: tuple[TaskState, ...]
    """Its tasks, in the order in which they started."""

    @property
    def ended(self) -> bool:
        """Whether it will not change any more."""
        return self.state in EXIT_CODES


def look(connection: Connection, run_id: str) -> RunState:
    """The run as it stands."""
    run = connection.call(f"Looking at the run {run_id}", lambda: connection.client.get_run(run_id))
    details = (run.run_details.task_details or []) if run.run_details else []
    ordered = sorted(details, key=lambda task: (_moment(task.start_time) or float("inf"), task.task_id or ""))
    return RunState(
        state=run.state or "PENDING",
        error=_message(run.error),
        tasks=tuple(_task(task) for task in ordered if _is_ours(task.display_name or "")),
    )


def wait(
    connection: Connection,
    run_id: str,
    *,
    show: Callable[[RunState], None],
    poll_seconds: float = 5.0,
    timeout_seconds: float | None = None,
) -> RunState:
    """Look until the run has ended or the time is over; `show` is given every state that was seen."""
    for state in _states(connection, run_id, poll_seconds, timeout_seconds):
        show(state)
    return state


def _states(
    connection: Connection, run_id: str, poll_seconds: float, timeout_seconds: float | None
) -> Iterator[RunState]:
    began = time.monotonic()
    while True:
        state = look(connection, run_id)
        yield state
        if state.ended:
            return
        left = None if timeout_seconds is None else began + timeout_seconds - time.monotonic()
        if left is not None and left <= 0:
            return
        time.sleep(poll_seconds if left is None else min(poll_seconds, left))


def cancel(connection: Connection, run_id: str) -> RunState:
    """Ask for the end of a run unless it has ended; returns how it stood before."""
    state = look(connection, run_id)
    if not state.ended:
        connection.call(f"Cancelling the run {run_id}", lambda: connection.client.terminate_run(run_id))
    return state


def _task(task: Any) -> TaskState:
    start, end = _moment(task.start_time), _moment(task.end_time)
    return TaskState(
        task_id=task.task_id or "",
        name=" ".join((task.display_name or "").split()),
        state=task.state or "PENDING",
        seconds=None if start is None else max(0.0, (time.time() if end is None else end) - start),
        error=_message(task.error),
    )


def _is_ours(name: str) -> bool:
    return bool(name) and name not in OURS and not name.endswith("-driver")


def _moment(value: Any) -> float | None:
    """Seconds since 1970; None for no time and for the year 1, by which Kubeflow says that there is none."""
    return value.timestamp() if isinstance(value, datetime) and value.year > 1970 else None


def _message(error: Any) -> str:
    return " ".join(str(error.message).split())[:500] if error is not None and error.message else ""
