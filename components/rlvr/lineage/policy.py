"""A policy: what an artifact must show before it may be used, as a TOML file.

allowed_licences = ["apache-2.0", "cc-by-4.0"]   # every licence behind it is one of these
required_checks = ["gold_scores_1"]              # checks that passed for data behind it
required_approvals = 1                           # people whose approval of this artifact is on the ledger
pinned_images = true                             # every stage ran in an image pinned by digest
newest_days = 90                                 # its own statement is at most so old
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rlvr.canonical import load
from rlvr.errors import RlvrError
from rlvr.lineage.graph import Graph, label, read_by
from rlvr.lineage.history import Finding
from rlvr.lineage.licences import licences
from rlvr.lineage.statement import APPROVAL, TEST_RESULT


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """What is asked of an artifact; what is left out asks nothing."""

    allowed_licences: tuple[str, ...] | None = None
    """Licences that may stand behind it, without regard to case."""
    required_checks: tuple[str, ...] = ()
    """Names of checks that must have passed for something behind it."""
    required_approvals: int = 0
    """How many different people must have approved it."""
    pinned_images: bool = False
    """Whether every stage behind it must have run in an image pinned by digest."""
    newest_days: float | None = None
    """Greatest age of its own statement, in days."""


def read_policy(path: Path) -> Policy:
    """The policy of a file."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RlvrError(f"The policy {path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise RlvrError(f"The policy {path} is not TOML ({error}).") from error
    try:
        return load(Policy, content)
    except RlvrError as error:
        raise RlvrError(f"The policy {path}: {error}") from error


def judge(policy: Policy, graph: Graph, digest: str, now: datetime | None = None) -> Iterator[Finding]:
    """What of `policy` an artifact does not meet."""
    steps = list(graph.back(digest))
    if policy.allowed_licences is not None:
        allowed = {licence.lower() for licence in policy.allowed_licences}
        for licence, names in licences(graph, digest).items():
            if licence.lower() not in allowed:
                message = f"{licence} of {', '.join(names)} is not an allowed licence"
                yield _finding("licence", digest, message)
    passed = {
        name
        for step in steps
        for subject in step.entry.subjects
        for entry in graph.about.get(subject, [])
        if entry.statement["predicateType"] == TEST_RESULT
        for name in entry.statement["predicate"].get("passedTests", [])
    }
    for check in policy.required_checks:
        if check not in passed:
            yield _finding("check", digest, f"no statement says that check {check} passed for anything behind it")
    people = {
        entry.keyid
        for entry in graph.about.get(digest, [])
        if entry.statement["predicateType"] == APPROVAL and entry.trust == "approver"
    }
    if len(people) < policy.required_approvals:
        yield _finding("approval", digest, f"{len(people)} of {policy.required_approvals} required approvals are there")
    for step in steps if policy.pinned_images else ():
        if not any(resource["name"] == "image" and resource.get("digest") for resource in read_by(step.entry)):
            message = f"stage {label(step.entry)} did not run in an image pinned by digest"
            yield _finding("image", f"statement {step.entry.index}", message)
    if policy.newest_days is not None and steps:
        made = datetime.fromisoformat(steps[0].entry.statement["predicate"]["runDetails"]["metadata"]["finishedOn"])
        if (now or datetime.now(UTC)) - made > timedelta(days=policy.newest_days):
            yield _finding("age", digest, f"it was made on {made:%Y-%m-%d}, over {policy.newest_days:g} days ago")


def _finding(kind: str, what: str, message: str) -> Finding:
    return Finding(kind=f"policy: {kind}", what=what, message=message)
