"""Where one row is: the data sets that hold it, and the training steps at which completions for it were sampled."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from rlvr.lineage.graph import Graph, label
from rlvr.store import Store

ROWS_FILE = "rows.parquet"
ROLLOUTS_FILE = "rollouts.parquet"
READERS = 8
"""Tables searched at once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Consumption:
    """Steps of one training stage that sampled completions for a row."""

    stage: str
    """Label of the stage."""
    log: str
    """Digest of its log."""
    made: tuple[str, ...]
    """Digests of what it made besides: its model."""
    steps: tuple[int, ...]
    """The steps, counted from 1."""


def holds_rows(path: str) -> bool:
    """Whether a file of an artifact is a table that is searched."""
    return PurePosixPath(path).name in (ROWS_FILE, ROLLOUTS_FILE)


def search(store: Store, graph: Graph, row_id: str) -> tuple[list[str], list[Consumption]]:
    """Digests of the data sets that hold the row, and who sampled it; only what is still in the store is searched."""

    def look(place: tuple[str, str]) -> bool | tuple[int, ...]:
        digest, file = place
        if not store.has(digest):
            return False
        path = store.get(digest) / file
        return _steps(path, row_id) if file.endswith(ROLLOUTS_FILE) else _holds(path, row_id)

    places = list(_tables(store, graph))
    with ThreadPoolExecutor(READERS) as pool:
        answers = list(pool.map(look, places))
    found, consumed = [], []
    for (digest, file), answer in zip(places, answers, strict=True):
        if answer is True:
            found.append(digest)
        elif answer:
            entry = graph.makers[digest][-1]
            others = tuple(subject for subject in entry.subjects if subject != digest)
            stage = file.rpartition("/")[0] or label(entry)
            consumed.append(Consumption(stage=stage, log=digest, made=others, steps=answer or ()))
    return list(dict.fromkeys(found)), _own(consumed, graph)


def _own(consumed: list[Consumption], graph: Graph) -> list[Consumption]:
    """Without what a later stage's log repeats of the stages before it."""
    own = [one for one in consumed if label(graph.makers[one.log][-1]) == one.stage]
    known = {(one.stage, one.steps) for one in own}
    return [one for one in consumed if one in own or (one.stage, one.steps) not in known]


def _tables(store: Store, graph: Graph) -> Iterator[tuple[str, str]]:
    """Digest and path of every table that a stage made: as its statement says, or else as the manifest does."""
    told: dict[tuple[str, str], None] = {}
    for digest in sorted(graph.makers):
        entry = graph.makers[digest][0]
        if entry.tables is not None:
            told |= {place: None for place in entry.tables if place[0] == digest}
        elif store.has(digest):
            told |= {(digest, path): None for path in store.manifest(digest).files if holds_rows(path)}
    yield from told


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
