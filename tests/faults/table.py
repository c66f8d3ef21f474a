"""The table of faults: how often each was tried, and how often something was lost.

    record("object store", "connection reset", tried=12, repeated=3, lost=0)

Call it before the assertions that it counts, so that a loss stands in the table too. Records of the same fault are
added up. At the end of a session the table is printed, and written to the file that `RLVR_FAULTS_TABLE` names
(conftest.py).
"""

from collections.abc import Iterable
from dataclasses import dataclass

import pytest


@dataclass(kw_only=True, slots=True)
class Count:
    """What came of one fault."""

    tried: int = 0
    """Times the fault was brought about."""
    repeated: int = 0
    """Of these, how often the work stopped with a clear message and a repeat finished it."""
    lost: int = 0
    """Of these, how often data was lost, accepted though corrupted, or written twice."""


_counts: dict[tuple[str, str], Count] = {}


def record(part: str, fault: str, *, tried: int, repeated: int = 0, lost: int = 0) -> None:
    """Add what came of `fault` in a part of the workflow ("object store", "training", ...)."""
    if not 0 <= repeated + lost <= tried:
        raise ValueError(f"{fault}: {repeated} repeated and {lost} lost cannot come of {tried} tried")
    count = _counts.setdefault((part, fault), Count())
    count.tried += tried
    count.repeated += repeated
    count.lost += lost


def counted() -> list[tuple[str, str, int, int, int]]:
    """The records so far, as `record` takes them."""
    return [(part, fault, one.tried, one.repeated, one.lost) for (part, fault), one in _counts.items()]


def markdown() -> str:
    """The table so far, in alphabetical order; "" when nothing was recorded."""
    if not _counts:
        return ""
    lines = ["| where | fault | tried | stopped, then repeated | lost |", "|---|---|---:|---:|---:|"]
    lines += [
        f"| {part} | {fault} | {count.tried:,} | {count.repeated:,} | {count.lost:,} |"
        for (part, fault), count in sorted(_counts.items())
    ]
    total = [sum(getattr(count, name) for count in _counts.values()) for name in ("tried", "repeated", "lost")]
    lines.append("| all | | " + " | ".join(f"{number:,}" for number in total) + " |")
    return "\n".join(lines) + "\n"


def seeds(*, short: int, full: int) -> Iterable[object]:
    """Seeds 0, 1, ... for `pytest.mark.parametrize`: `short` of them always, `full` of them in `make faults`."""
    return [pytest.param(seed, marks=[pytest.mark.faults] if seed >= short else []) for seed in range(full)]
