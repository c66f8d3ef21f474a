"""Garbage collection of a store as a command: what is kept is checked first, then listed or removed."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from rlvr.errors import RlvrError
from rlvr.lineage.collection import Leftover, leftovers, remove
from rlvr_pipelines.audit import audited
from rlvr_pipelines.terminal import Console


def collect(
    store: str, keys: Path | None, keep: Iterable[str], days: float, *, delete: bool, console: Console
) -> list[Leftover]:
    """What the store need not keep; removed when `delete` is given and the ledger is without fault."""
    opened = audited(store, keys, console)
    if opened.history.findings:
        first = opened.history.findings[0]
        raise RlvrError(
            f"The ledger does not stand up ({first.what}: {first.message}), so nobody can say what may go. "
            f"`rlvr audit gaps` lists everything that is wrong."
        )
    kept = [opened.artifact(name) for name in keep]
    found = leftovers(opened.store, opened.graph, keep=kept, days=days)
    return list(remove(opened.store, opened.graph, found)) if delete else found


def print_leftovers(found: Sequence[Leftover], console: Console, *, deleted: bool) -> None:
    """A table of artifacts and the sum of their sizes."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for name in ("artifact", "made by", "finished"):
        table.add_column(name, no_wrap=True)
    table.add_column("bytes", justify="right", no_wrap=True)
    for one in found:
        table.add_row(one.digest[:12], escape(one.made_by), one.finished, f"{one.size:,}")
    if found:
        console.print(table)
    if not found:
        console.print("Everything here is needed, or was made or used lately.")
        return
    total = sum(one.size for one in found)
    said = "removed" if deleted else "could be removed; --delete removes them"
    count = "1 artifact" if len(found) == 1 else f"{len(found):,} artifacts"
    console.print(f"{count} of {total:,} bytes {said}.")
