"""A policy: what an artifact must show before it may be used, as a TOML file.

allowed_licences = ["apache-2.0", "cc-by-4.0"]   # every licence behind it is one of these
required_checks = ["gold_scores_1"]              # checks that passed for data behind it
required_approvals = 1                           # people whose approval of this artifact is on the ledger
trusted_keys = ["cluster"]                       # keys that may have signed what is behind it: file names or key ids
approvers = ["ada", "ben"]                       # keys whose approvals count; else all of the folder approvers/
release_signature = true                         # it is signed for release (`rlvr audit sign`)
pinned_images = true                             # every stage ran in an image pinned by digest
named_commits = true                             # every stage names the commit of its code
no_warnings = true                               # what is otherwise a warning fails, too
newest_days = 90                                 # its own statement is at most so old
approved_days = 30                               # approvals that are older do not count
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rlvr.canonical import load
from rlvr.errors import RlvrError
from rlvr.lineage.audit import POLICY, Verdict
from rlvr.lineage.entry import Entry
from rlvr.lineage.finding import Finding
from rlvr.lineage.graph import Graph, Step, label, read_by
from rlvr.lineage.keys import TrustedKeys
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
    trusted_keys: tuple[str, ...] | None = None
    """Keys that may have signed what stages behind it did: key ids, or file names of public keys without `.pub`."""
    approvers: tuple[str, ...] | None = None
    """Keys of people whose approvals count, named in the same way."""
    release_signature: bool = False
    """Whether it must carry a release signature that holds."""
    pinned_images: bool = False
    """Whether every stage behind it must have run in an image pinned by digest."""
    named_commits: bool = False
    """Whether every stage behind it must name the commit of its code."""
    no_warnings: bool = False
    """Whether warnings of the audit count as failures."""
    newest_days: float | None = None
    """Greatest age of its own statement, in days."""
    approved_days: float | None = None
    """Greatest age of an approval that counts, in days."""


def read_policy(path: Path) -> Policy:
    """The policy of a file."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RlvrError(f"The policy {path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise RlvrError(f"The policy {path} is not TOML ({error}).") from error
    try:
        return load(Policy, content)
    except RlvrError as error:
        raise RlvrError(f"The policy {path}: {error}") from error


def judge(
    policy: Policy,
    graph: Graph,
    keys: TrustedKeys,
    verdict: Verdict,
    now: datetime | None = None,
) -> Iterator[Finding]:
    """What of `policy` the artifact of a verdict does not meet."""
    digest = verdict.digest
    steps, today = list(graph.back(digest)), now or datetime.now(UTC)
    yield from _licences(policy, graph, digest)
    yield from _checks(policy, graph, digest, steps)
    yield from _signatures(policy, keys, steps)
    yield from _approvals(policy, graph, keys, digest, today)
    yield from _software(policy, steps)
    if policy.release_signature and not verdict.released_by:
        yield _finding("release", digest, "it carries no release signature that holds (`rlvr audit sign`)")
    if policy.newest_days is not None and steps:
        made = _moment(steps[0].entry.statement["predicate"]["runDetails"].get("metadata"), "finishedOn")
        if made is None or today - made > timedelta(days=policy.newest_days):
            when = f"on {made:%Y-%m-%d}" if made else "at a time that its statement does not tell"
            yield _finding("age", digest, f"it was made {when}; {policy.newest_days:g} days are allowed")
    for one in verdict.findings if policy.no_warnings else ():
        if one.severity == "warning":
            yield _finding("warning", one.what, f"{one.kind}: {one.message}")


def _licences(policy: Policy, graph: Graph, digest: str) -> Iterator[Finding]:
    if policy.allowed_licences is not None:
        allowed = {licence.lower() for licence in policy.allowed_licences}
        for licence, names in licences(graph, digest).items():
            if licence.lower() not in allowed:
                yield _finding("licence", digest, f"{licence} of {', '.join(names)} is not an allowed licence")


def _checks(policy: Policy, graph: Graph, digest: str, steps: Sequence[Step]) -> Iterator[Finding]:
    about = {entry.index: entry for step in steps for one in step.entry.subjects for entry in graph.about.get(one, [])}
    results = [entry for entry in about.values() if entry.predicate_type == TEST_RESULT]
    passed = {name for entry in results for name in entry.statement["predicate"].get("passedTests", [])}
    for check in policy.required_checks:
        if check not in passed:
            yield _finding("check", digest, f"no statement says that check {check} passed for anything behind it")


def _signatures(policy: Policy, keys: TrustedKeys, steps: Sequence[Step]) -> Iterator[Finding]:
    for step in steps:
        if not _is_named(step.entry, policy.trusted_keys, keys):
            name = keys.names.get(step.entry.keyid, step.entry.keyid[:16])
            message = f"stage {label(step.entry)} was signed by {name}, which the policy does not name"
            yield _finding("key", f"statement {step.entry.index}", message)


def _approvals(policy: Policy, graph: Graph, keys: TrustedKeys, digest: str, today: datetime) -> Iterator[Finding]:
    people, left_out = set(), 0
    for entry in graph.about.get(digest, []):
        if entry.predicate_type != APPROVAL or entry.trust != "approver":
            continue
        when = _moment(entry.statement["predicate"], "timeVerified")
        late = policy.approved_days is not None and (
            when is None or today - when > timedelta(days=policy.approved_days)
        )
        if late or not _is_named(entry, policy.approvers, keys):
            left_out += 1
        else:
            people.add(entry.keyid)
    if len(people) < policy.required_approvals:
        more = f"; {left_out} others are too old or by people whom the policy does not name" if left_out else ""
        message = f"{len(people)} of {policy.required_approvals} required approvals are there{more}"
        yield _finding("approval", digest, message)


def _software(policy: Policy, steps: Sequence[Step]) -> Iterator[Finding]:
    for step in steps:
        where, name = f"statement {step.entry.index}", label(step.entry)
        read = {resource["name"]: resource.get("digest", {}) for resource in read_by(step.entry)}
        if policy.pinned_images and not read.get("image"):
            yield _finding("image", where, f"stage {name} did not run in an image pinned by digest")
        if policy.named_commits and "gitCommit" not in read.get("code", {}):
            yield _finding("commit", where, f"stage {name} does not name the commit of its code")


def _is_named(entry: Entry, allowed: Sequence[str] | None, keys: TrustedKeys) -> bool:
    return allowed is None or entry.keyid in allowed or keys.names.get(entry.keyid) in allowed


def _moment(told: Mapping[str, Any] | None, field: str) -> datetime | None:
    """A time of a statement; None where there is none that can be read."""
    try:
        found = datetime.fromisoformat(str((told or {})[field]))
    except (KeyError, ValueError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _finding(kind: str, what: str, message: str) -> Finding:
    return Finding(kind=POLICY + kind, what=what, message=message)
