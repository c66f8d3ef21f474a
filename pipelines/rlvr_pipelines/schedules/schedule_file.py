"""The file of schedules.

    group: retraining            # which recurring runs belong to this file; another file has another group
    experiment: retraining       # where their runs are listed
    schedules:
      - name: r1-v-weekly
        method: r1_v
        profile: cluster         # or a file of your own
        store: s3://bucket/rlvr
        data: s3://bucket/counts # read again by every run; unchanged data is not trained on again
        seed: 0
        set: {stages.grpo.steps: 200}
        promote: true            # the tuned model becomes the champion only if it is better
        cron: "0 0 3 * * 1"      # seconds first, in the scheduler's time zone (UTC as installed); or every: 7d
        max_concurrency: 1       # runs at a time
        catchup: false           # whether missed times are made up for
        pause: false

The names of fields are those of `rlvr submit`'s options.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from rlvr.errors import RlvrError
from rlvr_pipelines.schedules import cron as times
from rlvr_pipelines.schedules.located_yaml import Place, read


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """One recurring run, as the file says it."""

    name: str
    """Unique in its file."""
    method: str
    """A name from `rlvr methods`."""
    cron: str = ""
    """When runs start, as a cron expression of six fields."""
    every: int = 0
    """Or after how many seconds."""
    profile: str = "cluster"
    """Profile or profile's file."""
    store: str = "s3://rlvr/store"
    """Artifact store."""
    data: str = ""
    """Training rows of one's own."""
    files: str = ""
    """Which files of `data` are read."""
    columns: str = ""
    """Upstream columns and one's own."""
    base: str = ""
    """Base model."""
    seed: int = 0
    """Seed of data, order and sampling."""
    set: Mapping[str, Any] = field(default_factory=dict)
    """Changes of the method by path."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Further parameters of the pipeline."""
    promote: bool = False
    """Whether a better model becomes the champion."""
    max_concurrency: int = 1
    """Runs at a time, 1 to 10."""
    catchup: bool = False
    """Whether missed times are made up for."""
    pause: bool = False
    """Whether no runs start for now."""
    start: str = ""
    """No run starts before this time (RFC 3339)."""
    end: str = ""
    """No run starts after this time (RFC 3339)."""
    service_account: str = ""
    """Service account of the pods."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ScheduleFile:
    """All schedules of a file."""

    group: str
    """What marks their recurring runs in Kubeflow."""
    experiment: str
    """Experiment of their runs."""
    schedules: tuple[Schedule, ...]
    """In the file's order."""


TOP: Mapping[str, type] = {"group": str, "experiment": str, "schedules": list}
KINDS: Mapping[str, type | tuple[type, ...]] = {
    "every": (int, str),
    "seed": int,
    "set": dict,
    "parameters": dict,
    "promote": bool,
    "max_concurrency": int,
    "catchup": bool,
    "pause": bool,
}
"""What a field holds; the others are texts."""
NAMES = {
    str: "text",
    int: "a whole number",
    bool: "true or false",
    dict: "a table",
    list: "a list",
    (int, str): "a time",
}


def read_file(path: Path) -> ScheduleFile:
    """The schedules of a file; `RlvrError` names the line and the field."""
    from rlvr_pipelines.methods import METHODS as methods
    from rlvr_pipelines.profiles import NAMES as profiles

    content, line_of = read(path)

    def wrong(place: Place, message: str) -> RlvrError:
        name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).lstrip(".")
        return RlvrError(f"{path}, line {line_of(place)}: {name or 'the file'}: {message}")

    def check(value: Any, known: Mapping[str, Any], place: Place) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise wrong(place, f"expected a table of {', '.join(known)}.")
        for key, entry in value.items():
            if key not in known:
                near = get_close_matches(key, known, n=1)
                guess = f" Did you mean {near[0]!r}?" if near else ""
                raise wrong((*place, key), f"there is no such field.{guess} Known: {', '.join(known)}.")
            kind = known[key]
            if not isinstance(entry, kind) or (isinstance(entry, bool) and kind is not bool):
                raise wrong((*place, key), f"{entry!r} is not {NAMES[kind]}.")
        return value

    top = check(content, TOP, ())
    known = {one.name: KINDS.get(one.name, str) for one in fields(Schedule)}
    found: dict[str, Schedule] = {}
    for number, entry in enumerate(top.get("schedules", [])):
        place: Place = ("schedules", number)
        values = check(entry, known, place)
        for needed in ("name", "method"):
            if not values.get(needed):
                raise wrong(place, f"it has no {needed}.")
        if ("cron" in values) == ("every" in values):
            raise wrong(place, "say when it runs: either cron or every.")
        if values["name"] in found:
            raise wrong((*place, "name"), f"{values['name']!r} is the name of another schedule.")
        if not 1 <= values.get("max_concurrency", 1) <= 10:
            raise wrong((*place, "max_concurrency"), "Kubeflow allows 1 to 10.")
        for key, names in (("method", tuple(methods)), ("profile", profiles)):
            name = values.get(key, names[0])
            if name not in names and not (key == "profile" and name.endswith(".toml")):
                near = get_close_matches(name, names, n=1)
                guess = f" Did you mean {near[0]!r}?" if near else ""
                raise wrong((*place, key), f"there is no {key} {name!r}.{guess}")
        read_as = {"cron": times.cron, "every": times.seconds, "start": times.moment, "end": times.moment}
        for key in read_as.keys() & values.keys():
            try:
                values[key] = read_as[key](values[key])
            except RlvrError as error:
                raise wrong((*place, key), str(error)) from error
        found[values["name"]] = Schedule(**values)
    group = top.get("group", path.stem)
    if not group or not group.replace("-", "").replace("_", "").isalnum() or len(group) > 63:
        raise wrong(("group",), "a group is named with letters, digits, - and _, at most 63.")
    return ScheduleFile(group=group, experiment=top.get("experiment", "rlvr"), schedules=tuple(found.values()))
