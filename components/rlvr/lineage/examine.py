"""One statement of a ledger, examined by itself: its form, its signature, and the place that it was signed for."""

from collections.abc import Sequence
from dataclasses import dataclass

from rlvr.errors import RlvrError
from rlvr.lineage.entry import Entry, Trust, entry
from rlvr.lineage.envelope import opened
from rlvr.lineage.finding import Finding
from rlvr.lineage.keys import TrustedKeys
from rlvr.lineage.ledger import PLACE, key, text_digest
from rlvr.lineage.statement import APPROVAL


@dataclass(frozen=True, kw_only=True, slots=True)
class Examined:
    """What is known of one document of a ledger, without its neighbours."""

    index: int
    """Its number."""
    digest: str
    """How the next statement must name it."""
    entry: Entry | None
    """The statement; None when it does not count."""
    findings: tuple[Finding, ...]
    """Why it does not count."""
    previous: str
    """Digest of the statement before it, as it says itself."""
    noted: int
    """How many statements the ledger's note told of when it was added, if more than there were; else 0."""


def examine(index: int, text: str, keys: TrustedKeys) -> Examined:
    """Examine the text that stands at place `index`."""
    where, digest = key(index), text_digest(text)
    try:
        found = opened(text, keys.all, where)
    except RlvrError as error:
        wrong = Finding(kind="statement", what=where, message=str(error))
        return Examined(index=index, digest=digest, entry=None, findings=(wrong,), previous="", noted=0)
    place = found.statement.get(PLACE)
    previous = str(place.get("previous")) if isinstance(place, dict) else ""
    if not found.signed_by:
        wrong = _unsigned(where, found.claimed, keys)
        return Examined(index=index, digest=digest, entry=None, findings=(wrong,), previous=previous, noted=0)
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
    made = None if findings else entry(index, found.statement, found.payload, keyid, trust)
    noted = place.get("noted") if isinstance(place, dict) else 0
    return Examined(
        index=index,
        digest=digest,
        entry=made,
        findings=tuple(findings),
        previous=previous,
        noted=noted if isinstance(noted, int) else 0,
    )


def _unsigned(where: str, claimed: Sequence[str], keys: TrustedKeys) -> Finding:
    known = [keys.names[keyid] for keyid in claimed if keyid in keys.names]
    if known:
        message = f"the signature of {known[0]} does not fit the text: it was changed after signing, or forged"
        return Finding(kind="signature", what=where, message=message)
    shown = claimed[0][:16] if claimed else "none"
    message = f"its key {shown} is not among the {len(keys.names)} trusted ones of {keys.place}"
    return Finding(kind="key", what=where, message=message)
