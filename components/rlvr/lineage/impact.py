"""What was made from something that turned out bad: an artifact, a row, an image, a commit, or a licence."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rlvr.errors import RlvrError
from rlvr.lineage.graph import Graph, Step, label, read_by
from rlvr.lineage.history import Entry
from rlvr.store import Store

Kind = Literal["digest", "row", "image", "commit", "licence", "address"]

ROWS_FILE = "rows.parquet"
ROLLOUTS_FILE = "rollouts.parquet"


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
    consumed: Mapping[str, tuple[int, ...]]
    """For a row: training log's digest and stage -> steps at which completions for it were sampled."""


def impact(store: Store, graph: Graph, entries: Iterable[Entry], name: str) -> Impact:
    """Look for `name` as a row id (16 hex digits), digest (or image with one), commit (40), address, or licence."""
    hexadecimal = re.fullmatch(r"[0-9a-f]+", name) is not None
    if hexadecimal and len(name) == 16:
        return _row(store, graph, name)
    if hexadecimal and len(name) == 40:
        return _known("commit", name, [name], graph)
    if hexadecimal and len(name) > 40 or "sha256:" in name:
        digest = name.rpartition("sha256:")[2]
        kind: Kind = "image" if "sha256:" in name else "digest"
        return _known(kind, digest, [digest], graph)
    licensed = sorted({handle for entry in entries for handle in _licensed(entry, name)})
    if licensed:
        return _known("licence", name, licensed, graph)
    return _known("address", name, [handle for handle in sorted(graph.users) if handle.startswith(name)], graph)


def _known(kind: Kind, name: str, handles: list[str], graph: Graph) -> Impact:
    found = [handle for handle in handles if handle in graph.users or handle in graph.makers]
    if not found:
        raise RlvrError(f"No statement mentions the {kind} {name}. Row ids have 16 digits, commits 40, digests 64.")
    return Impact(kind=kind, name=name, found_in=tuple(found), steps=tuple(_forward(graph, found)), consumed={})


def _forward(graph: Graph, handles: Iterable[str]) -> Iterator[Step]:
    seen: set[int] = set()
    reached = (step for handle in handles for step in graph.forward(handle))
    for step in sorted(reached, key=lambda step: (step.depth, step.entry.index)):
        if step.entry.index not in seen:
            seen.add(step.entry.index)
            yield step


def _licensed(entry: Entry, licence: str) -> Iterator[str]:
    """Addresses and digests that a statement read under a licence."""
    if entry.kind != "provenance":
        return
    for resource in read_by(entry):
        if str(resource.get("annotations", {}).get("licence", "")).lower() == licence.lower():
            yield from resource.get("digest", {}).values()
            if resource.get("uri"):
                yield resource["uri"]


def _row(store: Store, graph: Graph, row_id: str) -> Impact:
    found: list[str] = []
    consumed: dict[str, tuple[int, ...]] = {}
    for digest, file, path in _tables(store, graph, lambda name: name.rpartition("/")[2] in (ROWS_FILE, ROLLOUTS_FILE)):
        if file.endswith(ROLLOUTS_FILE):
            if sampled := _steps(path, row_id):
                consumed[f"{digest} {file.rpartition('/')[0]}".strip()] = sampled
        elif _holds(path, row_id):
            found.append(digest)
    if not found and not consumed:
        raise RlvrError(f"No data set of {store.url} that is still there holds the row {row_id}.")
    steps = tuple(_forward(graph, found))
    return Impact(kind="row", name=row_id, found_in=tuple(found), steps=steps, consumed=consumed)


def _tables(store: Store, graph: Graph, wanted: Callable[[str], bool]) -> Iterator[tuple[str, str, Path]]:
    """Digest, path inside and local path of each wanted file of every artifact that a stage made."""
    for digest in sorted(graph.makers):
        if store.has(digest):
            names = [name for name in store.manifest(digest).files if wanted(name)]
            folder = store.get(digest) if names else Path()
            yield from ((digest, name, folder / name) for name in names)


def _holds(path: Path, row_id: str) -> bool:
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    column = pq.read_table(path, columns=["row_id"])["row_id"]
    return bool(pc.any(pc.equal(column, row_id)).as_py())


def _steps(path: Path, row_id: str) -> tuple[int, ...]:
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    table = pq.read_table(path, columns=["step", "row_id"])
    return tuple(sorted(set(table.filter(pc.equal(table["row_id"], row_id))["step"].to_pylist())))


def made(steps: Iterable[Step]) -> dict[str, list[str]]:
    """Stage label -> digests of what it made, over some steps."""
    told: dict[str, list[str]] = {}
    for step in steps:
        told.setdefault(label(step.entry), []).extend(step.entry.subjects)
    return told
