"""Artifacts and statements as a graph: what something was made from, and what was made from it.

Nodes are statements, not digests: a stage that changes nothing has an output with the digest of its input.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from rlvr.lineage.entry import Entry
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
    return entry.label


def read_by(entry: Entry) -> list[dict[str, Any]]:
    """Everything that a stage read: artifacts, raw files, code, image."""
    found: list[dict[str, Any]] = entry.statement["predicate"]["buildDefinition"]["resolvedDependencies"]
    return found


class Graph:
    """The provenance of a store, indexed both ways; of several statements about a digest the newest comes first."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        """Statements in the order of their numbers."""
        self.makers: dict[str, list[Entry]] = {}
        """Digest -> statements of stages that made it."""
        self.users: dict[str, list[Entry]] = {}
        """Digest, commit or address -> statements of stages that read it, the oldest first."""
        self.about: dict[str, list[Entry]] = {}
        """Digest -> checks and approvals."""
        self.entries = tuple(entries)
        """All of them, the oldest first."""
        for entry in reversed(self.entries):
            target = self.makers if entry.predicate_type == PROVENANCE else self.about
            for subject in entry.subjects:
                target.setdefault(subject, []).append(entry)
        for entry in self.entries:
            for name in entry.handles:
                self.users.setdefault(name, []).append(entry)

    def back(self, *digests: str) -> Iterator[Step]:
        """The statements behind artifacts, their own first: each once, breadth first."""
        newest = ((digest, entry) for digest in digests for entry in self.makers.get(digest, [])[:1])
        return self._walk([Step(entry=entry, depth=0, through=digest) for digest, entry in newest], self._before)

    def forward(self, handle: str) -> Iterator[Step]:
        """The statements of everything made with a digest, a commit or an address, directly or not."""
        start = [Step(entry=entry, depth=0, through=handle) for entry in self.users.get(handle, [])]
        return self._walk(start, self._after)

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
