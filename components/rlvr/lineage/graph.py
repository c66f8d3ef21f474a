"""Artifacts and statements as a graph: what something was made from, and what was made from it.

Nodes are statements, not digests: a stage that changes nothing has an output with the digest of its input.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from rlvr.lineage.history import Entry
from rlvr.lineage.statement import PROVENANCE


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """A statement met on a walk."""

    entry: Entry
    """The statement."""
    depth: int
    """How many statements lie between it and the start."""
    through: str
    """Digest by which the walk came to it."""


def label(entry: Entry) -> str:
    """The stage's name in the pipeline."""
    return str(entry.statement["predicate"]["buildDefinition"]["externalParameters"].get("label", "?"))


def read_by(entry: Entry) -> list[dict[str, Any]]:
    """Everything that a stage read: artifacts, raw files, code, image."""
    found: list[dict[str, Any]] = entry.statement["predicate"]["buildDefinition"]["resolvedDependencies"]
    return found


class Graph:
    """The provenance of a store, indexed both ways; of several statements about a digest the newest comes first."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.makers: dict[str, list[Entry]] = defaultdict(list)
        self.users: dict[str, list[Entry]] = defaultdict(list)
        self.about: dict[str, list[Entry]] = defaultdict(list)
        for entry in entries:
            for subject in entry.subjects:
                target = self.makers if entry.statement["predicateType"] == PROVENANCE else self.about
                target[subject].insert(0, entry)
            for name in _handles(entry):
                self.users[name].append(entry)

    def back(self, digest: str) -> Iterator[Step]:
        """The statements behind an artifact, itself first: each once, breadth first."""
        return self._walk(
            [Step(entry=entry, depth=0, through=digest) for entry in self.makers[digest][:1]], self._before
        )

    def forward(self, handle: str) -> Iterator[Step]:
        """The statements of everything made with a digest, a commit or an address, directly or not."""
        return self._walk([Step(entry=entry, depth=0, through=handle) for entry in self.users[handle]], self._after)

    def _before(self, step: Step) -> Iterator[Step]:
        for resource in read_by(step.entry):
            digest = resource.get("digest", {}).get("sha256", "")
            # What was read was made before: a stage that changes nothing has not made its own input.
            earlier = (entry for entry in self.makers.get(digest, []) if entry.index < step.entry.index)
            if (entry := next(earlier, None)) is not None:
                yield Step(entry=entry, depth=step.depth + 1, through=digest)

    def _after(self, step: Step) -> Iterator[Step]:
        for subject in step.entry.subjects:
            for entry in self.users.get(subject, []):
                yield Step(entry=entry, depth=step.depth + 1, through=subject)

    def _walk(self, start: Iterable[Step], nearby: Any) -> Iterator[Step]:
        seen: set[int] = set()
        waiting = deque(start)
        while waiting:
            step = waiting.popleft()
            if step.entry.index not in seen:
                seen.add(step.entry.index)
                yield step
                waiting.extend(nearby(step))


def _handles(entry: Entry) -> set[str]:
    """What a statement can be found by when something it read turns out bad: digests, commits and addresses."""
    if entry.statement["predicateType"] != PROVENANCE:
        return set()
    found = set()
    for resource in read_by(entry):
        found.update(resource.get("digest", {}).values())
        if resource.get("uri"):
            found.add(resource["uri"])
    return found
