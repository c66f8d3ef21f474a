"""Why two artifacts differ: what was read, asked and run for one and not for the other, stage by stage."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rlvr.lineage.graph import Graph, label, read_by


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """One thing that is not the same."""

    stage: str
    """Label of the stage."""
    what: str
    """`stage`, `parameter`, `input`, `code`, `image`, `source`, `environment`."""
    name: str
    """Path of the parameter, name of the input."""
    first: Any
    """Its value for the first artifact; None when it is not there."""
    second: Any
    """Its value for the second artifact."""


def differences(graph: Graph, first: str, second: str) -> list[Difference]:
    """What differs between everything behind two artifacts, the earliest stages first."""
    ours, theirs = _stages(graph, first), _stages(graph, second)
    found = []
    for name in dict.fromkeys([*ours, *theirs]):
        if name not in ours or name not in theirs:
            there = "there" if name in ours else None
            found.append(
                Difference(stage=name, what="stage", name=name, first=there, second=None if there else "there")
            )
            continue
        for key in sorted({*ours[name], *theirs[name]}):
            values = ours[name].get(key), theirs[name].get(key)
            if values[0] != values[1]:
                found.append(Difference(stage=name, what=key[0], name=key[1], first=values[0], second=values[1]))
    return found


def _stages(graph: Graph, digest: str) -> dict[str, dict[tuple[str, str], Any]]:
    """Label -> facts of the stages behind an artifact, in the order of their statements."""
    steps = sorted(graph.back(digest), key=lambda step: step.entry.index)
    return {label(step.entry): dict(_facts(step.entry.statement, read_by(step.entry))) for step in steps}


def _facts(statement: Mapping[str, Any], read: list[dict[str, Any]]) -> Iterator[tuple[tuple[str, str], Any]]:
    definition = statement["predicate"]["buildDefinition"]
    asked = definition["externalParameters"].get("parameters", {})
    yield from ((("parameter", path), value) for path, value in _leaves(asked))
    yield from ((("environment", path), value) for path, value in _leaves(definition.get("internalParameters", {})))
    for resource in read:
        kind = (
            resource["name"] if resource["name"] in ("code", "image") else "source" if resource.get("uri") else "input"
        )
        digest = resource.get("digest", {})
        yield (kind, resource["name"]), digest.get("sha256") or resource.get("uri")
        if "gitCommit" in digest:
            yield (kind, "commit"), digest["gitCommit"]


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Path and value of every plain value inside parameters; members of lists go by their name where they have one."""
    if isinstance(value, dict) and value:
        for key, inside in value.items():
            yield from _leaves(inside, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and any(isinstance(member, dict) for member in value):
        for place, member in enumerate(value):
            name = member.get("name", place) if isinstance(member, dict) else place
            yield from _leaves(member, f"{path}.{name}" if path else str(name))
    else:
        yield path, value
