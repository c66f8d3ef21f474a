"""What can only be known of all rows together: repeated rows, contradictions, and which components judge accuracy.

Texts are compared by 64 bits of XXH3, so that a million rows need tens of megabytes. Two different texts share them by
chance once in tens of millions of such data sets.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash
from numpy.typing import NDArray

from rlvr.data.fact_schema import SCHEMA
from rlvr.data.gold import drop
from rlvr.method import Task

ACCURACY_DROP = 0.5
"""A component judges accuracy when, on some row of the task, a wrong answer costs it at least this much."""

_CHUNK = 10_000
_ODD = np.uint64(0x9E3779B97F4A7C15)
_EMPTY = np.empty(0, dtype=np.uint64)


def with_relations(table: pa.Table, tasks: Mapping[str, Task]) -> pa.Table:
    """The table with duplicate, conflicting, picture_repeated, gold_score and wrong_score."""
    gold, wrong = _accuracy(table, tasks)
    filled = {
        "duplicate": _repeats(_groups(table, "task", "row_id")),
        "conflicting": _conflicts(table),
        "picture_repeated": _repeated_pictures(table),
        "gold_score": gold,
        "wrong_score": wrong,
    }
    for name, values in filled.items():
        table = with_column(table, name, pa.array(values, type=SCHEMA.field(name).type))
    return table


def with_column(table: pa.Table, name: str, values: Any) -> pa.Table:
    """The table with one column of the schema replaced."""
    return table.set_column(SCHEMA.get_field_index(name), SCHEMA.field(name), values)


def _groups(table: pa.Table, *names: str) -> NDArray[np.int64]:
    """A number for each row, equal where all the named text columns are."""
    keys = np.zeros(table.num_rows, dtype=np.uint64)
    for name in names:
        keys = keys * _ODD + np.concatenate([_EMPTY, *map(_keys, _parts(table[name]))])
    return np.unique(keys, return_inverse=True)[1].astype(np.int64)


def _parts(column: pa.ChunkedArray) -> Iterator[pa.Array]:
    """The column, few rows at a time."""
    for chunk in column.chunks:
        for start in range(0, len(chunk), _CHUNK):
            yield chunk.slice(start, _CHUNK)


def _keys(texts: pa.Array) -> NDArray[np.uint64]:
    """64 bits for each text; 0 for none."""
    encoded = texts.cast(pa.binary()).to_pylist()
    digests = (0 if text is None else xxhash.xxh3_64_intdigest(text) for text in encoded)
    return np.fromiter(digests, np.uint64, len(texts))


def _repeats(groups: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which rows stand behind another one of their group."""
    repeated = np.ones(len(groups), dtype=np.bool_)
    repeated[np.unique(groups, return_index=True)[1]] = False
    return repeated


def _conflicts(table: pa.Table) -> NDArray[np.bool_]:
    """Which rows have the pictures and the question of another row of their task, and another answer."""
    questions = _groups(table, "task", "pixel_digest", "question_digest")
    both = _groups(table, "task", "pixel_digest", "question_digest", "answer_digest")
    _, first = np.unique(both, return_index=True)
    answers = np.bincount(questions[first], minlength=len(questions) or 1)
    return np.asarray(answers[questions] > 1, dtype=np.bool_)


def _repeated_pictures(table: pa.Table) -> NDArray[np.bool_]:
    """Which rows show a picture that another row shows too."""
    pictures, owners, before = [_EMPTY], [np.empty(0, dtype=np.int64)], 0
    for part in _parts(table["picture_digests"]):
        pictures.append(_keys(part.flatten()))
        owners.append(pc.list_parent_indices(part).to_numpy(zero_copy_only=False) + before)
        before += len(part)
    keys, rows = np.concatenate(pictures), np.concatenate(owners)
    order = np.lexsort((rows, keys))
    keys, rows = keys[order], rows[order]
    shown = np.ones(len(keys), dtype=np.bool_)  # a row that shows a picture twice counts once
    shown[1:] = (keys[1:] != keys[:-1]) | (rows[1:] != rows[:-1])
    _, number, counts = np.unique(keys[shown], return_inverse=True, return_counts=True)
    repeated = np.zeros(table.num_rows, dtype=np.bool_)
    repeated[rows[shown][counts[number] > 1]] = True
    return repeated


def _accuracy(table: pa.Table, tasks: Mapping[str, Task]) -> tuple[list[float | None], list[float | None]]:
    """Best score of the right and of the wrong completion among the components that judge accuracy."""
    judging: dict[str, set[str]] = defaultdict(set)
    for name, found in _scores(table):
        judging[name].update(part for part, pair in (found or {}).items() if drop(pair) >= ACCURACY_DROP)
    gold: list[float | None] = []
    wrong: list[float | None] = []
    for name, found in _scores(table):
        # Where nothing but a judge tells right from wrong, its verdicts cannot be foreseen.
        if found is None or (not judging[name] and any(reward.judge for reward in tasks[name].rewards)):
            gold.append(None)
            wrong.append(None)
            continue
        pairs: Sequence[Any] = [found[part] for part in sorted(judging[name]) if part in found]
        gold.append(max((pair[0] or 0.0 for pair in pairs), default=0.0))
        wrong.append(max((pair[1] or 0.0 for pair in pairs), default=0.0))
    return gold, wrong


def _scores(table: pa.Table) -> Iterator[tuple[str, dict[str, Any] | None]]:
    """Task and component scores of each row, few rows at a time."""
    for batch in table.select(["task", "scores"]).to_batches(max_chunksize=_CHUNK):
        for name, text in zip(batch["task"].to_pylist(), batch["scores"].to_pylist(), strict=True):
            yield name, None if text is None else json.loads(text)
