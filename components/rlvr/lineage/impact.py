"""What was made from something that turned out bad: an artifact, image, commit, address, licence, or row."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from rlvr.errors import RlvrError
from rlvr.lineage.graph import Graph, Step, label
from rlvr.lineage.row_search import Consumption, search
from rlvr.store import Store

Kind = Literal["digest", "row", "image", "commit", "licence", "address"]

FEWEST_CHARACTERS = 6
"""Shortest beginning of a digest or commit that is looked up."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Impact:
    """Everything that was made with something."""

    kind: Kind
    """What the name was taken for."""
    name: str
    """The name as given, digests in full."""
    found_in: tuple[str, ...]
    """Digests or addresses where it was found."""
    steps: tuple[Step, ...]
    """Statements of what was made from it, nearest first."""
    consumed: tuple[Consumption, ...] = ()
    """For a row: where completions for it were sampled."""


def impact(store: Store, graph: Graph, name: str) -> Impact:
    """Look for `name` as a row id (16 hex digits), digest (or image with one), commit (40), address, or licence.

    Digests and commits may be cut to their beginning.
    """
    hexadecimal = re.fullmatch(r"[0-9a-f]+", name) is not None
    if hexadecimal and len(name) == 16:
        return _row(store, graph, name)
    if "sha256:" in name:
        return _known("image", (digest := name.rpartition("sha256:")[2]), [digest], graph)
    if hexadecimal and len(name) >= FEWEST_CHARACTERS:
        full = _in_full(name, graph)
        return _known("commit" if len(full) == 40 else "digest", full, [full], graph)
    wanted = name.lower()
    licensed = sorted({handle for entry in graph.entries for held, handle in entry.licences if held == wanted})
    if licensed:
        return _known("licence", name, licensed, graph)
    return _known("address", name, sorted(handle for handle in graph.users if handle.startswith(name)), graph)


def _in_full(name: str, graph: Graph) -> str:
    """The one digest or commit that begins so; the name itself when none does."""
    if len(name) in (40, 64):
        return name
    found = sorted({handle for known in (graph.users, graph.makers) for handle in known if handle.startswith(name)})
    if len(found) > 1:
        shown = ", ".join(handle[: len(name) + 6] for handle in found[:5])
        raise RlvrError(f"{len(found)} digests begin with {name}: {shown}. Give more of it.")
    return found[0] if found else name


def _known(kind: Kind, name: str, handles: list[str], graph: Graph) -> Impact:
    found = [handle for handle in handles if handle in graph.users or handle in graph.makers]
    if not found:
        raise RlvrError(f"No statement mentions the {kind} {name}. Row ids have 16 digits, commits 40, digests 64.")
    return Impact(kind=kind, name=name, found_in=tuple(found), steps=tuple(graph.forward(*found)))


def _row(store: Store, graph: Graph, row_id: str) -> Impact:
    found, consumed = search(store, graph, row_id)
    if not found and not consumed:
        raise RlvrError(f"No data set of {store.url} that is still there holds the row {row_id}.")
    steps = tuple(graph.forward(*found))
    return Impact(kind="row", name=row_id, found_in=tuple(found), steps=steps, consumed=tuple(consumed))


def made(steps: Iterable[Step]) -> dict[str, list[str]]:
    """Stage label -> digests of what it made, over some steps."""
    told: dict[str, list[str]] = {}
    for step in steps:
        told.setdefault(label(step.entry), []).extend(step.entry.subjects)
    return told
