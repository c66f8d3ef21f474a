"""Training rows to look at: what the policy said to the same row early, midway and late in a stage.

The rows are those that came up in the most steps (three or more count alike), and of those the first by `row_id`, a
hash: a fixed choice that nobody picked. Of a step's group the first completion is shown.
"""

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from rlvr.data.rows import Row
from rlvr.errors import RlvrError
from rlvr.report.gallery import media
from rlvr.report.inputs import finite, read_table
from rlvr.report.rows_by_id import rows_by_id

COLUMNS = ("step", "row_id", "completion", "reward", "rewards", "correct")


def rollout_gallery(rollouts: Path, rows: Path | None, wanted: int = 4) -> list[dict[str, Any]]:
    """Cards of one stage; without `rows` they have no question and no picture."""
    shown = _choose(rollouts, wanted)
    found: dict[str, Row] = {row["row_id"]: row for row in rows_by_id(rows, set(shown))} if rows else {}
    groups = _groups(rollouts, {(row_id, step) for row_id, steps in shown.items() for step in steps})
    return [
        {
            "row_id": row_id,
            "found": row_id in found,
            **media(found.get(row_id)),
            "replies": [_reply(step, groups[row_id, step]) for step in steps],
        }
        for row_id, steps in shown.items()
    ]


def _choose(rollouts: Path, wanted: int) -> dict[str, list[int]]:
    """Row -> its first, middle and last step."""
    pairs = read_table(rollouts, ["step", "row_id"]).group_by(["row_id", "step"]).aggregate([])
    steps: dict[str, list[int]] = defaultdict(list)
    for row_id, step in zip(pairs["row_id"].to_pylist(), pairs["step"].to_pylist(), strict=True):
        steps[row_id].append(step)
    first = sorted(steps, key=lambda row_id: (-min(3, len(steps[row_id])), row_id))[:wanted]
    return {row_id: _ends(sorted(steps[row_id])) for row_id in first}


def _ends(steps: list[int]) -> list[int]:
    """First, middle and last of them; fewer where there are fewer."""
    return sorted({steps[0], steps[len(steps) // 2], steps[-1]})


def _groups(rollouts: Path, wanted: set[tuple[str, int]]) -> dict[tuple[str, int], list[dict[str, Any]]]:
    """The completions of the wanted rows in the wanted steps, read one row group at a time."""
    groups: dict[tuple[str, int], list[dict[str, Any]]] = {key: [] for key in wanted}
    ids = pa.array(sorted({row_id for row_id, _ in wanted}), pa.string())
    with pq.ParquetFile(rollouts) as file:
        names = [name for name in COLUMNS if name in file.schema_arrow.names]
        if lacking := sorted({*COLUMNS} - {*names, "rewards"}):
            raise RlvrError(f"{rollouts} lacks the columns {', '.join(lacking)}; run the training stage again.")
        for number in range(file.num_row_groups):
            part = file.read_row_group(number, columns=names)
            for line in part.filter(pc.is_in(part["row_id"], value_set=ids)).to_pylist():
                if (key := (line["row_id"], line["step"])) in groups:
                    groups[key].append(line)
    return groups


def _reply(step: int, group: list[dict[str, Any]]) -> dict[str, Any]:
    first = group[0]
    return {
        "step": step,
        "text": first["completion"] or "",
        "reward": finite(first["reward"]),
        "components": _components(first.get("rewards")),
        "right": sum(bool(line["correct"]) for line in group),
        "group": len(group),
        "sign": "✓" if first["correct"] else "✗",
        "tone": "right" if first["correct"] else "wrong",
    }


def _components(text: str | None) -> dict[str, float | None]:
    """Reward components of a completion by name; none where they were not recorded."""
    try:
        components = json.loads(text or "{}")
    except ValueError:
        return {}
    return {name: finite(components[name]) for name in sorted(components)} if isinstance(components, dict) else {}
