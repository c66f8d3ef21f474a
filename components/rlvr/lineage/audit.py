"""Does an artifact stand up: its bytes, its whole history, and everything behind it back to pinned sources?"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rlvr.errors import RlvrError
from rlvr.lineage.entry import Entry
from rlvr.lineage.finding import Finding, Severity
from rlvr.lineage.graph import Graph, label, read_by, work_of
from rlvr.lineage.history import History
from rlvr.lineage.keys import TrustedKeys
from rlvr.lineage.licences import licences
from rlvr.lineage.origins import MADE_HERE
from rlvr.lineage.records import promised
from rlvr.lineage.release import check_releases
from rlvr.lineage.statement import TEST_RESULT
from rlvr.store import Store

PINNED_HUB = re.compile(r"hub:[^@]+@[0-9a-f]{40}(/.*)?")
"""An address on the Hub that always means the same bytes."""

POLICY = "policy: "
"""How findings of a policy begin."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What an audit of one artifact found."""

    digest: str
    """The artifact."""
    findings: tuple[Finding, ...]
    """What does not hold, failures first."""
    statements: int
    """Statements in the ledger."""
    checked: int
    """Artifacts whose bytes were read again."""
    licences: dict[str, list[str]]
    """Licence -> what came under it."""
    released_by: tuple[str, ...] = ()
    """Names of the keys whose release signatures hold."""

    @property
    def passed(self) -> bool:
        """Whether there is no failure."""
        return not any(finding.severity == "failure" for finding in self.findings)

    @property
    def stands(self) -> bool:
        """Whether there is none but of the policy."""
        failures = (finding for finding in self.findings if finding.severity == "failure")
        return all(finding.kind.startswith(POLICY) for finding in failures)


def verify(
    store: Store,
    history: History,
    keys: TrustedKeys,
    digest: str,
    *,
    advance: Callable[[str], None] = lambda label: None,
) -> Verdict:
    """Audit an artifact and everything behind it; `advance` hears the label of each stage whose bytes are read."""
    graph = Graph(history.entries)
    findings = list(history.findings)
    steps = list(graph.back(digest))
    if not steps:
        message = "no trusted statement says how it was made"
        findings.append(Finding(kind="no statement", what=digest, message=message))
    wanted = {digest: "the artifact"}
    for step in steps:
        wanted |= dict.fromkeys(step.entry.subjects, label(step.entry))
        findings += _roots(graph, step.entry)
        findings += _outcomes(graph, step.entry.subjects)
    checked = 0
    for each, name in wanted.items():
        advance(name)
        found = list(_bytes(store, each, name, asked=each == digest))
        checked += not found
        findings += found
    released_by, wrong = check_releases(store, digest, keys)
    findings += wrong
    findings.sort(key=lambda finding: finding.severity)
    return Verdict(
        digest=digest,
        findings=tuple(dict.fromkeys(findings)),
        statements=history.newest[0],
        checked=checked,
        licences=licences(graph, digest),
        released_by=tuple(released_by),
    )


def gaps(store: Store, history: History) -> list[Finding]:
    """What the ledger does not explain, over the whole store."""
    graph = Graph(history.entries)
    findings = list(history.findings)
    there = {name.removeprefix("manifests/").removesuffix(".json") for name in store.keys("manifests/")}
    for digest in sorted(there - set(graph.makers) - set(_in_passing(store))):
        message = "the artifact lies in the store, and no trusted statement says how it was made"
        findings.append(Finding(kind="no statement", what=digest, message=message))
    seen: set[int] = set()
    for digest, entries in sorted(graph.makers.items()):
        if digest not in there:
            message = f"stage {label(entries[0])} made it, and it is no longer in the store"
            findings.append(Finding(kind="gone", what=digest, message=message, severity="warning"))
        if entries[0].index not in seen:
            seen.add(entries[0].index)
            findings += _roots(graph, entries[0])
    findings += _records(store, graph)
    return list(dict.fromkeys(findings))


def _records(store: Store, graph: Graph) -> Iterator[Finding]:
    """Records that promise other results than were signed for: the next run would take them for its own."""
    signed = {(work_of(entry), digest) for entry in graph.entries for digest in entry.subjects}
    there = {name.removeprefix("executions/").removesuffix(".json") for name in store.keys("executions/")}
    for key, digests in promised(store):
        for digest in digests:
            if (key, digest) not in signed:
                message = f"it promises {digest[:12]}, and no trusted statement about that work does"
                severity: Severity = "warning" if key in there and digest not in graph.makers else "failure"
                yield Finding(kind="record", what=f"records/{key}.json", message=message, severity=severity)


def _in_passing(store: Store) -> Iterator[str]:
    """Artifacts that are checkpoints of stages which are still at work: no result yet, so nothing is said of them."""
    for name in store.keys("checkpoints/"):
        yield from re.findall(r"[0-9a-f]{64}", store.read(name) or "")


def _bytes(store: Store, digest: str, name: str, *, asked: bool) -> Iterator[Finding]:
    if not store.has(digest):
        message = f"what stage {name} made is not in the store: its bytes cannot be checked"
        yield Finding(kind="gone", what=digest, message=message, severity="failure" if asked else "warning")
        return
    try:
        store.verify(digest)
    except RlvrError as error:
        yield Finding(kind="bytes", what=digest, message=str(error))


def _roots(graph: Graph, entry: Entry) -> Iterator[Finding]:
    """What a stage read that no statement explains and nothing pins."""
    index, name = entry.index, label(entry)
    environment = entry.statement["predicate"]["buildDefinition"].get("internalParameters")
    if isinstance(environment, dict) and environment.get("recalled"):
        message = (
            f"stage {name} was signed from a record of the store by a process that did not see it done (a launching "
            f"pod that was started again, or a record written by others)"
        )
        yield Finding(kind="recalled", what=f"statement {index}", message=message, severity="warning")
    for resource in read_by(entry):
        digest = resource.get("digest") or {}
        address, what = str(resource.get("uri") or ""), str(resource["name"])
        assert isinstance(digest, dict)
        if what in ("code", "pipeline") or digest.get("sha256") in graph.makers:
            continue
        if what == "image":
            if not digest:
                message = f"stage {name} ran in {address}, which is not pinned by digest"
                yield Finding(kind="image", what=f"statement {index}", message=message, severity="warning")
            continue
        if address.startswith(MADE_HERE) or PINNED_HUB.fullmatch(address) or (digest and address):
            continue
        if digest and not address:
            message = f"stage {name} read it as {what}, and no trusted statement says how it was made"
            yield Finding(kind="unexplained input", what=str(digest.get("sha256", what)), message=message)
            continue
        message = f"stage {name} read {address or what}, whose content nothing pins"
        yield Finding(kind="unpinned source", what=f"statement {index}", message=message, severity="warning")


def _outcomes(graph: Graph, subjects: Sequence[str]) -> Iterator[Finding]:
    """Checks on what lies behind the artifact that did not pass."""
    for subject in subjects:
        for entry in graph.about.get(subject, []):
            told = entry.statement["predicate"]
            if entry.predicate_type != TEST_RESULT or told.get("result") == "PASSED":
                continue
            named = ", ".join([*told.get("failedTests", []), *told.get("warnedTests", [])])
            severity: Severity = "failure" if told.get("result") == "FAILED" else "warning"
            yield Finding(kind="checks", what=subject, message=f"checks that did not hold: {named}", severity=severity)
