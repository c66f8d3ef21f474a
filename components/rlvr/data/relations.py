"""What can only be known of all rows together: repeated rows, contradictions, and which components judge accuracy.

Everything here works on digests in Arrow and numpy columns, so a million rows need a few hundred megabytes.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from rlvr.data.fact_schema import SCHEMA
from rlvr.data.gold import drop
from rlvr.method import Task

ACCURACY_DROP = 0.5
"""A component judges accuracy when, on some row of the task, a wrong answer costs it at least this much."""

_CHUNK = 10_000


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
    number = np.zeros(table.num_rows, dtype=np.int64)
    for name in names:
        codes = pc.dictionary_encode(table[name].combine_chunks())
        _, number = np.unique(number * (len(codes.dictionary) + 1) + _codes(codes), return_inverse=True)
        number = number.astype(np.int64)
    return number


def _codes(encoded: pa.DictionaryArray) -> NDArray[np.int64]:
    indices = encoded.indices.fill_null(len(encoded.dictionary))
    return np.asarray(indices.to_numpy(zero_copy_only=False), dtype=np.int64)


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
    lists = table["picture_digests"].combine_chunks()
    codes = _codes(pc.dictionary_encode(lists.flatten()))
    rows = pc.list_parent_indices(lists).to_numpy(zero_copy_only=False)
    pairs = np.unique(np.stack([codes, rows], axis=1), axis=0) if len(codes) else np.zeros((0, 2), dtype=np.int64)
    counts = np.bincount(pairs[:, 0], minlength=1)
    repeated = np.zeros(table.num_rows, dtype=np.bool_)
    repeated[pairs[counts[pairs[:, 0]] > 1, 1]] = True
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
