"""Changing values inside a method by path: what profiles and `--set` do, with typed errors and a record of changes.

A path walks the method's canonical JSON: `stages.grpo.group_size`, `tasks.*.source.limit`. Members of lists are called
by their name (rewards by that of their function); `*` means every member that has what follows (stages of a method may
be of several kinds). `false` takes an optional part out (a reward's judge, a stage's replay), as TOML has no null, and
a member out of a list (`benchmarks.k12`).
"""

import copy
import difflib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from rlvr.errors import RlvrError
from rlvr.method import Method


def apply(method: Method, values: Mapping[str, Any]) -> Method:
    """A new method with `values` set at their paths; a wrong path or type raises `RlvrError`."""
    data = copy.deepcopy(method.to_json())
    for path, value in values.items():
        parent, _, last = path.rpartition(".")
        if value is False and isinstance(members := data.get(parent), list):
            left_out = _members(members, last, path)
            data[parent] = [item for item in members if item not in left_out]
            continue
        for holder, key in _places(data, path):
            optional = holder[key] is None or isinstance(holder[key], dict)
            holder[key] = None if value is False and optional else value
    return Method.from_json(data)


def parse(text: str) -> tuple[str, Any]:
    """`PATH=VALUE` as typed on a command line; the value is JSON where it can be, else text."""
    path, found, value = text.partition("=")
    if not found or not path:
        raise RlvrError(f"{text!r} is not of the form PATH=VALUE, e.g. stages.grpo.steps=50.")
    try:
        return path, json.loads(value)
    except (ValueError, RecursionError):
        return path, value


def changes(published: Method, run: Method) -> list[dict[str, Any]]:
    """What `run` does differently: `[{"field": path, "published": value, "run": value}]`, sorted by path."""
    before, after = dict(_leaves(published.to_json())), dict(_leaves(run.to_json()))
    return [
        {"field": path, "published": before.get(path), "run": after.get(path)}
        for path in sorted(before.keys() | after.keys())
        if before.get(path) != after.get(path)
    ]


def _places(data: Any, path: str) -> list[tuple[Any, str]]:
    """The dictionaries and keys that `path` names."""
    *steps, key = path.split(".")
    holders = [data]
    for step in steps:
        if not any(isinstance(holder, list) for holder in holders):
            holders = _having(step, holders, path)
        holders = [member for holder in holders for member in _members(holder, step, path)]
    return [(holder, key) for holder in _having(key, holders, path)]


def _having(key: str, holders: list[Any], path: str) -> list[Any]:
    """The dictionaries that have `key`; at least one must."""
    having = [holder for holder in holders if isinstance(holder, dict) and key in holder]
    if holders and not having:
        raise RlvrError(_unknown(key, path, holders[0]))
    return having


def _members(holder: Any, step: str, path: str) -> list[Any]:
    if isinstance(holder, list):
        chosen = [item for item in holder if step == "*" or _called(item) == step]
        if chosen or step == "*":
            return chosen
        raise RlvrError(_unknown(step, path, {_called(item): item for item in holder}))
    if isinstance(holder, dict) and step in holder:
        return [holder[step]]
    raise RlvrError(_unknown(step, path, holder))


def _called(item: Any) -> str:
    """How a member of a list is called: by its name; rewards by their function's name."""
    function: str = item.get("function", "?")
    name: str = item.get("name", function.rpartition(":")[2])
    return name


def _unknown(step: str, path: str, holder: Any) -> str:
    known = sorted(holder) if isinstance(holder, dict) else []
    near = difflib.get_close_matches(step, known, n=1)
    guess = f" Did you mean {near[0]!r}?" if near else ""
    return f"There is no {step!r} in {path!r}.{guess} Known here: {', '.join(known) or 'nothing'}."


def _leaves(data: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _leaves(value, f"{path}.{key}" if path else key)
    elif isinstance(data, list) and any(isinstance(item, dict) for item in data):
        names = [_called(item) if isinstance(item, dict) else "?" for item in data]
        for position, item in enumerate(data):
            name = names[position] if names[position] != "?" and names.count(names[position]) == 1 else position
            yield from _leaves(item, f"{path}.{name}")
    else:
        yield path, data
