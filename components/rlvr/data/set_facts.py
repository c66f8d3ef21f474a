"""Facts of a task's rows taken together: how its answers are spread, and over which letters of the options.

{"row_id": "counting", "rows": 500, "distinct_answers": 8, "majority_answer": "4", "majority_share": 0.15,
 "balance_ratio": 1.2, "letter_ratio": None, "schema_fault": ""}
"""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

SCHEMA = pa.schema(
    [
        pa.field("position", pa.int64()),
        pa.field("row_id", pa.string()),
        pa.field("schema_fault", pa.string()),
        pa.field("rows", pa.int64()),
        pa.field("distinct_answers", pa.int64()),
        pa.field("majority_answer", pa.string()),
        pa.field("majority_share", pa.float64()),
        pa.field("balance_ratio", pa.float64()),
        pa.field("letter_ratio", pa.float64()),
    ]
)
"""`row_id` is the task. `balance_ratio` is the commonest answer's share times the number of different answers,
`letter_ratio` the same of the answer's place among the options; null where rows or answers are too few or too many."""

ENOUGH_ROWS = 50
"""Rows below which shares say nothing."""

FEW_ANSWERS = 20
"""Different answers up to which they are a choice rather than an open question."""

ROWS_AN_ANSWER = 5
"""Rows for each different answer below which it is an open question."""


def set_facts(facts: pa.Table, schema_fault: str = "") -> pa.Table:
    """One line a task, in the order of their first rows."""
    tasks = facts["task"].unique().to_pylist()
    lines = [_task(facts.filter(pc.equal(facts["task"], task)), task) for task in tasks]
    numbered = [{"position": place, "schema_fault": schema_fault, **line} for place, line in enumerate(lines)]
    return pa.Table.from_pylist(numbered, schema=SCHEMA)


def _task(facts: pa.Table, name: str) -> dict[str, Any]:
    answered = facts.filter(pc.invert(facts["answer_empty"]))
    commonest, share, distinct = _commonest(answered, "answer_key")
    enough = answered.num_rows >= ENOUGH_ROWS
    few = 2 <= distinct <= FEW_ANSWERS and answered.num_rows >= ROWS_AN_ANSWER * distinct
    return {
        "row_id": name,
        "rows": facts.num_rows,
        "distinct_answers": distinct,
        "majority_answer": commonest,
        "majority_share": share if enough else None,
        "balance_ratio": share * distinct if enough and few else None,
        "letter_ratio": _letter_ratio(facts),
    }


def _letter_ratio(facts: pa.Table) -> float | None:
    """How much more common the answer's commonest place is than the average one, over rows with equally many options.

    Rows that list no options count as one group, with as many places as occur.
    """
    placed = facts.filter(pc.is_valid(facts["option_index"]))
    worst = None
    for number in placed["options"].unique().to_pylist():
        same = pc.is_null(placed["options"]) if number is None else pc.equal(placed["options"], number)
        group = placed.filter(same)
        _, share, distinct = _commonest(group, "option_index")
        if group.num_rows >= ENOUGH_ROWS and (number or distinct) > 1:
            worst = max(worst or 0.0, share * (number or distinct))
    return worst


def _commonest(facts: pa.Table, column: str) -> tuple[str | None, float, int]:
    """The commonest value (of equally common ones the first in order), its share, and how many values there are."""
    counts = facts.group_by(column).aggregate([([], "count_all")])
    if not counts.num_rows:
        return None, 0.0, 0
    first = counts.sort_by([("count_all", "descending"), (column, "ascending")]).slice(0, 1).to_pylist()[0]
    return str(first[column]), first["count_all"] / facts.num_rows, counts.num_rows
