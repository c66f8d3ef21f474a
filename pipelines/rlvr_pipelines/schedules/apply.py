"""Carrying out changes of schedules. Kubeflow cannot edit a recurring run, so a change is an exchange:

create the new one, paused; pause the old one; let the new one run; delete the old one. At no moment do both start runs,
and whatever breaks off in between is seen, and finished, by the next `rlvr schedule apply`.
"""

from collections.abc import Callable, Sequence
from typing import Any

from rlvr.patience import ApiError
from rlvr_pipelines.kubeflow.connection import Connection
from rlvr_pipelines.kubeflow.submission import ensure_experiment
from rlvr_pipelines.kubeflow.upload import upload
from rlvr_pipelines.schedules.comparison import Change, Wanted, fingerprint, present
from rlvr_pipelines.schedules.marker import Marker


def apply(
    connection: Connection, changes: Sequence[Change], *, group: str, experiment: str, done: Callable[[Change], None]
) -> None:
    """Carry out the changes one after the other; `done` is told of each."""
    for change in changes:
        if change.action == "create" and change.wanted:
            _create(connection, change.wanted, group, experiment, paused=change.wanted.schedule.pause)
        elif change.action == "change" and change.wanted and change.present:
            old, pause = change.present.identifier, change.wanted.schedule.pause
            if change.in_place:
                _switch(connection, old, not pause)
            elif change.fields:
                _exchange(connection, change.wanted, old, group, experiment)
            for identifier in change.leftovers:
                _delete(connection, identifier)
        elif change.action == "prune" and change.present:
            _delete(connection, change.present.identifier)
        done(change)


def _exchange(connection: Connection, wish: Wanted, old: str, group: str, experiment: str) -> None:
    new = _create(connection, wish, group, experiment, paused=True)
    _switch(connection, old, False)
    if not wish.schedule.pause:
        try:
            _switch(connection, new, True)
        except Exception:
            _switch(connection, old, True)  # better the old schedule than none
            raise
    _delete(connection, old)


def _create(connection: Connection, wish: Wanted, group: str, experiment: str, *, paused: bool) -> str:
    uploaded = upload(connection, wish.package)
    place, one = ensure_experiment(connection, experiment), wish.schedule
    before = {there.identifier for there in present(connection, group)}
    marker = Marker(group=group, name=one.name, spec=fingerprint(wish.spec))
    named: dict[str, Any] = {
        "experiment_id": place,
        "job_name": one.name,
        "description": marker.described(f"{wish.package.description[:200]} ({wish.package.version})"),
        "start_time": one.start or None,
        "end_time": one.end or None,
        "max_concurrency": str(one.max_concurrency),
        "no_catchup": not one.catchup,
        "params": dict(wish.parameters),
        "pipeline_id": uploaded.pipeline_id,
        "version_id": uploaded.version_id,
        "enabled": not paused,
        "service_account": one.service_account or None,
        **({"cron_expression": one.cron} if one.cron else {"interval_second": str(one.every)}),
    }

    def lost() -> str | None:
        found = [there for there in present(connection, group) if there.marker == marker]
        return next((there.identifier for there in found if there.identifier not in before), None)

    return connection.call(
        f"Creating the recurring run {one.name}",
        lambda: str(connection.client.create_recurring_run(**named).recurring_run_id),
        lost=lost,
    )


def _switch(connection: Connection, identifier: str, on: bool) -> None:
    if on:
        connection.call("Resuming a recurring run", lambda: connection.client.enable_recurring_run(identifier))
    else:
        connection.call("Pausing a recurring run", lambda: connection.client.disable_recurring_run(identifier))


def _delete(connection: Connection, identifier: str) -> None:
    try:
        connection.call("Deleting a recurring run", lambda: connection.client.delete_recurring_run(identifier))
    except ApiError as error:
        if error.status != 404:  # it is gone, which was the wish
            raise
