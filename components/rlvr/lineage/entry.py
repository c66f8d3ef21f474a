"""One statement of a ledger whose signature holds, small enough that a hundred thousand fit into memory.

What walks and searches ask for again and again is taken out once; the rest stays text until somebody asks.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from rlvr.lineage.statement import APPROVAL, PROVENANCE, TEST_RESULT

Trust = Literal["machine", "approver"]
KINDS = {PROVENANCE: "provenance", TEST_RESULT: "test result", APPROVAL: "approval"}
"""Predicate type -> what people call it."""
TABLES = "tables"
"""Annotation of a subject: paths of its files that hold rows, so that a row is looked for in these alone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One statement of the ledger whose signature holds."""

    index: int
    """Its number."""
    payload: bytes
    """The statement's text, as it was signed."""
    keyid: str
    """The key that signed it."""
    trust: Trust
    """What that key may sign."""
    predicate_type: str
    """What kind of statement it is, as an address."""
    label: str
    """Provenance: the stage's name in the pipeline; else empty."""
    subjects: tuple[str, ...]
    """Digests of the artifacts that it is about."""
    tables: tuple[tuple[str, str], ...] | None
    """Digest and path of the files with rows among them; None when the statement does not say."""
    handles: tuple[str, ...]
    """Provenance: digests, commits and addresses of what the stage read, each once, sorted."""
    licences: tuple[tuple[str, str], ...]
    """Provenance: licence in lower case and handle of what came under it."""

    @property
    def statement(self) -> dict[str, Any]:
        """The statement; shared, so it is not to be changed."""
        return parsed(self.payload)

    @property
    def kind(self) -> str:
        """`provenance`, `test result`, `approval`, or the predicate's own type."""
        return KINDS.get(self.predicate_type, self.predicate_type)


@lru_cache(maxsize=2048)
def parsed(payload: bytes) -> dict[str, Any]:
    """The JSON object of a statement's text."""
    statement: dict[str, Any] = json.loads(payload)
    return statement


def entry(index: int, statement: Mapping[str, Any], payload: bytes, keyid: str, trust: Trust) -> Entry:
    """The entry of a well-formed statement."""
    predicate, kind = statement["predicate"], str(statement["predicateType"])
    definition = predicate["buildDefinition"] if kind == PROVENANCE else {}
    read = definition.get("resolvedDependencies", [])
    return Entry(
        index=index,
        payload=payload,
        keyid=keyid,
        trust=trust,
        predicate_type=kind,
        label=str(definition.get("externalParameters", {}).get("label", "?")) if kind == PROVENANCE else "",
        subjects=tuple(subject["digest"]["sha256"] for subject in statement["subject"]),
        tables=_tables(statement["subject"]),
        handles=tuple(sorted({handle for resource in read for handle in _handles(resource)})),
        licences=tuple(sorted({pair for resource in read for pair in _licensed(resource)})),
    )


def _handles(resource: Mapping[str, Any]) -> Iterator[str]:
    """What a thing that was read can be found by: its digests, its commit, its address."""
    yield from resource.get("digest", {}).values()
    if resource.get("uri"):
        yield resource["uri"]


def _licensed(resource: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if licence := resource.get("annotations", {}).get("licence"):
        yield from ((str(licence).lower(), handle) for handle in _handles(resource))


def _tables(subjects: list[dict[str, Any]]) -> tuple[tuple[str, str], ...] | None:
    found = []
    for subject in subjects:
        paths = subject.get("annotations", {}).get(TABLES)
        if not isinstance(paths, list):
            return None
        found += [(subject["digest"]["sha256"], str(path)) for path in paths]
    return tuple(found)
