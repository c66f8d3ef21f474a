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


def work_of(entry: Entry) -> str:
    """Key of the work that a stage's statement is about; empty for other statements."""
    if entry.predicate_type != PROVENANCE:
        return ""
    metadata = entry.statement["predicate"]["runDetails"]["metadata"]
    return str(metadata.get("invocationId", "")).rpartition("/")[2]


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
        waiting = deque(Step(entry=entry, depth=0, through=digest) for digest, entry in newest)
        seen: set[int] = set()
        while waiting:
            step = waiting.popleft()
            if step.entry.index not in seen:
                seen.add(step.entry.index)
                yield step
                waiting.extend(self._before(step))

    def forward(self, *handles: str) -> Iterator[Step]:
        """The statements of everything made with digests, commits or addresses, directly or not; nearest first."""
        seen: set[int] = set()
        depth, level = 0, [(handle, entry) for handle in handles for entry in self.users.get(handle, ())]
        while level:
            fresh = []
            for through, entry in level:
                if entry.index not in seen:
                    seen.add(entry.index)
                    fresh.append(entry)
                    yield Step(entry=entry, depth=depth, through=through)
            # What was read was made before: who read the same content earlier has not read this.
            depth, level = (
                depth + 1,
                [
                    (subject, entry)
                    for maker in fresh
                    for subject in maker.subjects
                    for entry in self.users.get(subject, ())
                    if entry.index > maker.index
                ],
            )

    def _before(self, step: Step) -> Iterator[Step]:
        for resource in read_by(step.entry):
            digest = resource.get("digest", {}).get("sha256", "")
            # What was read was made before: a stage that changes nothing has not made its own input.
            earlier = (entry for entry in self.makers.get(digest, []) if entry.index < step.entry.index)
            if (entry := next(earlier, None)) is not None:
                yield Step(entry=entry, depth=step.depth + 1, through=digest)
