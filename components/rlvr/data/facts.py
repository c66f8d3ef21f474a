"""Facts: one line of plain measurements for each row, so that checks judge a small table and never touch pictures.

One streaming pass decodes every picture in full (a truncated JPEG passes a header check) and every video to its first
frame, digests files and pixels, asks the task's rewards about the row's own answer, and measures boxes, spans, options,
prompts and texts (`row_facts`); it runs in several processes and goes on after an interruption (`fact_pass`). What can
only be known of all rows together is filled in at the end (`relations`).

Example: `{"position": 0, "row_id": "5d1f...", "decodable": True, "min_side_px": 320, "gold_score": 1.0,
"wrong_score": 0.0, "duplicate": False, ...}`
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from rlvr.data import rows
from rlvr.data.fact_pass import Advance, Measuring, fact_groups
from rlvr.data.fact_schema import SCHEMA
from rlvr.data.prompt_tokens import PromptLimit
from rlvr.data.relations import with_column, with_relations
from rlvr.errors import RlvrError
from rlvr.method import Task
from rlvr.scratch import scratch

PACKED_ROWS = 4096
"""Rows of a table of facts on the way."""


def unheard(done: int, groups: int) -> None:
    """Tells nobody about the progress."""


def facts(
    folder: Path,
    tasks: Sequence[Task] = (),
    *,
    limits: Sequence[PromptLimit] = (),
    tokenizer: Path | None = None,
    licences: Mapping[tuple[str, str], str] | None = None,
    kept: Path | None = None,
    processes: int | None = None,
    advance: Advance = unheard,
) -> pa.Table:
    """The facts table of the data set in `folder`; without `tasks` (benchmark rows) no rewards are asked.

    `licences` maps task and source to a licence; `kept` is a folder where facts outlast an interruption; `processes`
    defaults to what the machine has; `advance` hears of the row groups done.
    """
    _check_schema(folder)
    measuring = Measuring(tasks=tuple(tasks), limits=tuple(limits), tokenizer=str(tokenizer or ""))
    groups = fact_groups(folder / rows.FILE, measuring, kept=kept, processes=processes, advance=advance)
    whole = _on_disk(_packed(groups))
    whole = with_column(whole, "position", pa.array(np.arange(whole.num_rows)))
    if licences is not None:
        pairs = zip(whole["task"].to_pylist(), whole["source"].to_pylist(), strict=True)
        whole = with_column(whole, "licence", pa.array([licences.get(pair) for pair in pairs], pa.string()))
    return with_relations(whole, {task.name: task for task in tasks})


def _packed(groups: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """The groups in fewer, larger tables: a table of few rows takes several times the room of its values."""
    pending: list[pa.Table] = []
    for group in groups:
        pending.append(group)
        if sum(table.num_rows for table in pending) >= PACKED_ROWS:
            yield pa.concat_tables(pending).combine_chunks()
            pending = []
    yield from pending


def _on_disk(parts: Iterable[pa.Table]) -> pa.Table:
    """The parts as one table that lies in a nameless file: what nobody looks at takes no memory."""
    with scratch() as folder:
        file = str(folder / "facts.arrow")
        with pa.ipc.new_file(file, SCHEMA) as writer:
            for part in parts:
                writer.write_table(part)
        return pa.ipc.open_file(pa.memory_map(file)).read_all()


def schema_fault(folder: Path) -> str:
    """Columns of rows that are missing from a data set or of another type; empty when it has the schema."""
    there = pq.read_schema(folder / rows.FILE)
    wrong = [field.name for field in rows.SCHEMA if field.name not in there.names]
    wrong += [field.name for field in rows.SCHEMA if field.name in there.names and there.field(field.name) != field]
    return ", ".join(wrong)


def _check_schema(folder: Path) -> None:
    path = folder / rows.FILE
    if not path.is_file():
        raise RlvrError(f"{folder} holds no {rows.FILE}; it is not a data set made by the ingest stage.")
    try:
        wrong = schema_fault(folder)
    except (pa.ArrowException, OSError) as error:
        raise RlvrError(f"{path} is not a parquet file ({error}); make it again with the ingest stage.") from error
    if wrong:
        raise RlvrError(
            f"{path} does not have the schema of rows: {wrong} is missing or of another type. "
            f"Make the file with the ingest stage of this version."
        )
