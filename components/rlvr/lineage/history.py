"""The ledger as an auditor reads it: every statement examined, each at its place and naming the one before it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from rlvr.lineage.entry import Entry
from rlvr.lineage.examine import Examined, examine
from rlvr.lineage.finding import Finding
from rlvr.lineage.keys import TrustedKeys
from rlvr.lineage.ledger import key


@dataclass(frozen=True, kw_only=True, slots=True)
class History:
    """All that could be read of a ledger."""

    entries: tuple[Entry, ...]
    """Statements whose signature holds, in order."""
    findings: tuple[Finding, ...]
    """What is wrong with the ledger itself."""
    newest: tuple[int, str]
    """Number and digest of the last statement; (0, "") for an empty ledger."""


def read(texts: Iterable[tuple[int, str]], keys: TrustedKeys) -> History:
    """The history that `texts` (number and envelope, in order of number) tell; `ledger_reader` reads a whole store."""
    return chained(examine(index, text, keys) for index, text in texts)


def chained(
    examined: Iterable[Examined], promised: int = 0, advance: Callable[[int], None] = lambda count: None
) -> History:
    """Hold examined statements, in order of number, to their neighbours; `advance` hears how many are done.

    `promised` is the number of the newest statement as the ledger's own note gives it.
    """
    entries: list[Entry] = []
    findings: list[Finding] = []
    expected, before = 1, ""
    for done, one in enumerate(examined, start=1):
        findings += one.findings
        findings += _gap(expected, one.index, "the statement is missing; others follow it, so it was removed")
        if one.index == expected and not one.findings and one.previous != before:
            message = "it does not name the statement before it: history was changed at this place"
            findings.append(Finding(kind="history", what=key(one.index), message=message))
        if one.noted >= one.index:
            message = (
                f"when this was added, the ledger's own note told of {one.noted:,} statements: what stood here was "
                f"removed before"
            )
            findings.append(Finding(kind="statement missing", what=key(one.index), message=message))
        if one.entry is not None:
            entries.append(one.entry)
        expected, before = one.index + 1, one.digest
        advance(done)
    message = f"the statement is missing; the ledger's own note tells of {promised:,} statements, so it was removed"
    findings += _gap(expected, promised + 1, message)
    return History(entries=tuple(entries), findings=tuple(findings), newest=(expected - 1, before))


def _gap(expected: int, index: int, message: str) -> Iterator[Finding]:
    for missing in range(expected, min(index, expected + 100)):
        yield Finding(kind="statement missing", what=key(missing), message=message)
    if index - expected > 100:
        more = f"{index - expected - 100:,} further statements before {key(index)} are missing, too"
        yield Finding(kind="statement missing", what=key(expected + 100), message=more)
