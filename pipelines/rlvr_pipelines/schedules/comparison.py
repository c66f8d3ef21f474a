"""What a file of schedules would change: wanted and present recurring runs, field by field."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from rlvr.canonical import digest
from rlvr.errors import RlvrError
from rlvr.patience import ApiError
from rlvr_pipelines.kubeflow.connection import Connection
from rlvr_pipelines.kubeflow.listing import PAGE, every
from rlvr_pipelines.kubeflow.package import Package, package
from rlvr_pipelines.schedules.cron import written
from rlvr_pipelines.schedules.marker import Marker, find_marker
from rlvr_pipelines.schedules.schedule_file import Schedule, ScheduleFile

Spec = dict[str, Any]
"""A recurring run as flat fields, e.g. `{"version": "sha256-...", "parameters.seed": 0, "paused": False}`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """A schedule with its compiled pipeline."""

    schedule: Schedule
    """What the file says."""
    package: Package
    """The pipeline."""
    parameters: Mapping[str, Any]
    """Parameters of every run."""
    spec: Spec
    """The same as flat fields."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Present:
    """A recurring run of ours in Kubeflow."""

    identifier: str
    """Its identifier."""
    marker: Marker
    """Whose it is."""
    spec: Spec
    """What it is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What becomes of one schedule."""

    action: str
    """`create`, `change`, `unchanged`, `prune`, or `keep` for one that the file does not have any more."""
    name: str
    """Name in the file."""
    fields: tuple[tuple[str, Any, Any], ...] = ()
    """Field, present value and wanted value of what differs."""
    drifted: bool = False
    """Whether the recurring run is not what it was made as: somebody else replaced what it uses."""
    wanted: Wanted | None = None
    """What the file says."""
    present: Present | None = None
    """What Kubeflow has."""
    leftovers: tuple[str, ...] = ()
    """Further recurring runs of this name, which an interrupted exchange left; they are removed."""

    @property
    def in_place(self) -> bool:
        """Whether pausing or resuming is all, which needs no new recurring run."""
        return self.action == "change" and [name for name, _, _ in self.fields] == ["paused"]


def wanted(file: ScheduleFile, *, lock: Path, allow_unpinned: bool = False, skip_fit: bool = False) -> list[Wanted]:
    """Compile every schedule of a file; what does not fit its profile's GPUs is refused unless `skip_fit`."""
    return [_wanted(one, file.experiment, lock, allow_unpinned, skip_fit) for one in file.schedules]


def _wanted(one: Schedule, experiment: str, lock: Path, allow_unpinned: bool, skip_fit: bool) -> Wanted:
    from rlvr_pipelines.methods import method
    from rlvr_pipelines.own import with_own
    from rlvr_pipelines.plan_setting import require_fit
    from rlvr_pipelines.profiles import profile

    settings = [f"{path}={json.dumps(value)}" for path, value in one.set.items()]
    try:
        sized = with_own(
            profile(one.profile, one.method),
            data=one.data,
            files=one.files,
            columns=one.columns,
            base=one.base,
            settings=settings,
        )
        sized = replace(sized, promote=one.promote or sized.promote)
        if not skip_fit:
            require_fit(method(one.method), sized, one.profile)
        packed = package(method(one.method), sized, store=one.store, lock=lock, allow_unpinned=allow_unpinned)
        parameters = packed.checked({"store": one.store, "seed": one.seed, **one.parameters})
    except RlvrError as error:
        raise RlvrError(f"Schedule {one.name}: {error}") from error
    when = f"cron {one.cron}" if one.cron else f"every {one.every} s"
    spec = {
        "pipeline": packed.pipeline, "version": packed.version, "when": when, "start": one.start, "end": one.end,
        "max_concurrency": one.max_concurrency, "catchup": one.catchup, "paused": one.pause,
        "experiment": experiment, "service_account": one.service_account, **_flat(parameters),
    }  # fmt: skip
    return Wanted(schedule=one, package=packed, parameters=parameters, spec=spec)


def present(connection: Connection, group: str) -> list[Present]:
    """The recurring runs that carry the group's marker."""
    listed = every(
        connection,
        "Listing the recurring runs",
        lambda token: connection.client.list_recurring_runs(
            page_token=token, page_size=PAGE, namespace=connection.namespace
        ),
        "recurring_runs",
    )
    ours = [(one, marker) for one in listed if (marker := find_marker(one.description)) and marker.group == group]
    names: dict[tuple[str, ...], str] = {}
    return [
        Present(identifier=one.recurring_run_id, marker=marker, spec=_spec(connection, one, names))
        for one, marker in ours
    ]


def compare(wishes: Sequence[Wanted], there: Sequence[Present], *, prune: bool) -> list[Change]:
    """The changes, in the file's order; those of schedules that the file lacks come last."""
    changes = []
    for wish in wishes:
        name = wish.schedule.name
        same = [one for one in there if one.marker.name == name]
        if not same:
            changes.append(Change(action="create", name=name, wanted=wish))
            continue
        current = min(same, key=lambda one: (len(_differences(one.spec, wish.spec)), one.identifier))
        differing = _differences(current.spec, wish.spec)
        leftovers = tuple(sorted(one.identifier for one in same if one is not current))
        changes.append(
            Change(
                action="change" if differing or leftovers else "unchanged",
                name=name,
                fields=differing,
                drifted=current.marker.spec != fingerprint(current.spec),
                wanted=wish,
                present=current,
                leftovers=leftovers,
            )
        )
    known = {wish.schedule.name for wish in wishes}
    gone = sorted((one.marker.name, one.identifier, one) for one in there if one.marker.name not in known)
    action = "prune" if prune else "keep"
    return changes + [Change(action=action, name=name, present=one) for name, _, one in gone]


def fingerprint(spec: Spec) -> str:
    """What the marker keeps of a specification; pausing is left out, for that is done in place."""
    return digest({key: value for key, value in spec.items() if key != "paused"})[:12]


def _differences(old: Spec, new: Spec) -> tuple[tuple[str, Any, Any], ...]:
    return tuple(
        (key, old.get(key), new.get(key)) for key in sorted(old.keys() | new.keys()) if old.get(key) != new.get(key)
    )


def _spec(connection: Connection, one: Any, names: dict[tuple[str, ...], str]) -> Spec:
    reference, trigger = one.pipeline_version_reference, one.trigger
    cron, periodic = (trigger.cron_schedule, trigger.periodic_schedule) if trigger else (None, None)
    when = f"cron {cron.cron}" if cron and cron.cron else f"every {periodic.interval_second} s" if periodic else ""
    span = cron if cron and cron.cron else periodic
    pipeline = reference.pipeline_id if reference else ""
    version = reference.pipeline_version_id if reference else ""
    ask = connection.client
    return {
        "pipeline": _name(connection, names, ("pipeline", pipeline), lambda: ask.get_pipeline(pipeline)),
        "version": _name(connection, names, ("version", version), lambda: ask.get_pipeline_version(pipeline, version)),
        "when": when,
        "start": _time(span.start_time if span else None),
        "end": _time(span.end_time if span else None),
        "max_concurrency": int(one.max_concurrency or 1),
        "catchup": not one.no_catchup,
        "paused": one.status == "DISABLED" if one.status else one.mode == "DISABLE",
        "experiment": _name(
            connection, names, ("experiment", one.experiment_id or ""), lambda: ask.get_experiment(one.experiment_id)
        ),
        "service_account": one.service_account or "",
        **_flat((one.runtime_config.parameters if one.runtime_config else None) or {}),
    }


def _name(connection: Connection, names: dict[tuple[str, ...], str], key: tuple[str, ...], request: Any) -> str:
    """The name behind an identifier, asked for once; what was deleted has none."""
    if key not in names:
        try:
            found = connection.call(f"Looking up the {key[0]} {key[1]}", request) if key[1] else None
            names[key] = "" if found is None else getattr(found, "name", None) or found.display_name
        except ApiError as error:
            if error.status != 404:
                raise
            names[key] = f"(deleted {key[0]})"
    return names[key]


def _time(value: Any) -> str:
    return written(value) if isinstance(value, datetime) and value.year > 1970 else ""


def _flat(parameters: Mapping[str, Any]) -> Spec:
    """Parameters as fields; whole numbers come back from the API as floats."""
    return {
        f"parameters.{key}": int(value) if isinstance(value, float) and value.is_integer() else value
        for key, value in parameters.items()
    }
