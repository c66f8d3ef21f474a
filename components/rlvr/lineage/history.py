"""The ledger as an auditor reads it: every statement checked for its signature, its place and its predecessor."""

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

from rlvr.errors import RlvrError
from rlvr.lineage.envelope import opened
from rlvr.lineage.keys import TrustedKeys
from rlvr.lineage.ledger import PLACE, key, text_digest
from rlvr.lineage.statement import APPROVAL, PROVENANCE, TEST_RESULT

Trust = Literal["machine", "approver"]
Severity = Literal["failure", "warning"]

ALONE = 4_000
"""Statements up to which one process is enough."""
CHUNK = 1_000
"""Statements that a process checks at a time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One statement of the ledger whose signature holds."""

    index: int
    """Its number."""
    statement: dict[str, Any]
    """The statement."""
    keyid: str
    """The key that signed it."""
    trust: Trust
    """What that key may sign."""

    @property
    def kind(self) -> str:
        """`provenance`, `test result`, `approval`, or the predicate's own type."""
        names = {PROVENANCE: "provenance", TEST_RESULT: "test result", APPROVAL: "approval"}
        kind = str(self.statement["predicateType"])
        return names.get(kind, kind)

    @property
    def subjects(self) -> list[str]:
        """Digests of the artifacts that it is about."""
        return [subject["digest"]["sha256"] for subject in self.statement["subject"]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """Something that does not hold."""

    kind: str
    """Short name: `statement missing`, `signature`, `bytes`, ..."""
    what: str
    """What it is about: a statement's number, an artifact's digest."""
    message: str
    """What was found, and what that means."""
    severity: Severity = "failure"
    """Failures end in exit code 1."""


@dataclass(frozen=True, kw_only=True, slots=True)
class History:
    """All that could be read of a ledger."""

    entries: tuple[Entry, ...]
    """Statements whose signature holds, in order."""
    findings: tuple[Finding, ...]
    """What is wrong with the ledger itself."""
    newest: tuple[int, str]
    """Number and digest of the last statement; (0, "") for an empty ledger."""


_Checked = tuple[int, str, "Entry | None", list[Finding], str]
"""Number, digest of the text, entry, findings, digest of the predecessor as the statement names it."""


def read(
    texts: Iterable[tuple[int, str]], keys: TrustedKeys, *, advance: Callable[[int], None] = lambda count: None
) -> History:
    """Check the statements `texts` (number and envelope, in order of number); `advance` hears how many are done."""
    entries: list[Entry] = []
    findings: list[Finding] = []
    expected, before = 1, ""
    for done, (index, digest, entry, found, previous) in enumerate(_checked(texts, keys), start=1):
        findings += found
        findings += _gap(expected, index)
        if index == expected and not found and previous != before:
            message = "it does not name the statement before it: history was changed at this place"
            findings.append(Finding(kind="history", what=key(index), message=message))
        if entry is not None:
            entries.append(entry)
        expected, before = index + 1, digest
        advance(done)
    return History(entries=tuple(entries), findings=tuple(findings), newest=(expected - 1, before))


def _gap(expected: int, index: int) -> Iterator[Finding]:
    for missing in range(expected, min(index, expected + 100)):
        message = "the statement is missing; others follow it, so it was removed"
        yield Finding(kind="statement missing", what=key(missing), message=message)
    if index - expected > 100:
        message = f"{index - expected - 100} further statements before {key(index)} are missing, too"
        yield Finding(kind="statement missing", what=key(expected + 100), message=message)


def _checked(texts: Iterable[tuple[int, str]], keys: TrustedKeys) -> Iterator[_Checked]:
    chunks = _chunks(iter(texts))
    first = [entry for _, chunk in zip(range(ALONE // CHUNK), chunks, strict=False) for entry in chunk]
    yield from _chunk(first, keys)
    if len(first) < ALONE:
        return
    workers = len(os.sched_getaffinity(0))
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        waiting = []
        for chunk in chunks:
            waiting.append(pool.submit(_chunk, chunk, keys))
            if len(waiting) > 2 * workers:
                yield from waiting.pop(0).result()
        for future in waiting:
            yield from future.result()


def _chunks(texts: Iterator[tuple[int, str]]) -> Iterator[list[tuple[int, str]]]:
    while chunk := list(islice(texts, CHUNK)):
        yield chunk


def _chunk(texts: Sequence[tuple[int, str]], keys: TrustedKeys) -> list[_Checked]:
    return [_one(index, text, keys) for index, text in texts]


def _one(index: int, text: str, keys: TrustedKeys) -> _Checked:
    where, digest = key(index), text_digest(text)
    try:
        found = opened(text, {**keys.machines, **keys.approvers}, where)
    except RlvrError as error:
        return index, digest, None, [Finding(kind="statement", what=where, message=str(error))], ""
    place = found.statement.get(PLACE)
    previous = str(place.get("previous")) if isinstance(place, dict) else ""
    if not found.signed_by:
        return index, digest, None, [_unsigned(where, found.claimed, keys)], previous
    findings = []
    if not isinstance(place, dict) or place.get("index") != index:
        stated = place.get("index") if isinstance(place, dict) else "no place"
        message = f"it was signed for place {stated}: moved, or an old statement repeated"
        findings.append(Finding(kind="order", what=where, message=message))
    keyid = found.signed_by[0]
    trust: Trust = "machine" if keyid in keys.machines else "approver"
    if trust == "approver" and found.statement["predicateType"] != APPROVAL:
        message = f"{keys.names[keyid]} may sign approvals, not {found.statement['predicateType']}"
        findings.append(Finding(kind="key", what=where, message=message))
    entry = Entry(index=index, statement=found.statement, keyid=keyid, trust=trust)
    return index, digest, None if findings else entry, findings, previous


def _unsigned(where: str, claimed: Sequence[str], keys: TrustedKeys) -> Finding:
    known = [keys.names[keyid] for keyid in claimed if keyid in keys.names]
    if known:
        message = f"the signature of {known[0]} does not fit the text: it was changed after signing, or forged"
        return Finding(kind="signature", what=where, message=message)
    shown = claimed[0][:16] if claimed else "none"
    message = f"its key {shown} is not among the {len(keys.names)} trusted ones of {keys.place}"
    return Finding(kind="key", what=where, message=message)
