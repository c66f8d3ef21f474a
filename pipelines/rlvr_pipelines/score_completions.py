"""`rlvr reward`: what a method's rewards make of completions in a file, component by component, without training.

A line of the file is a JSON object: `completion`, and the columns that the rewards read, as `rlvr show METHOD` names
them; or `completion` and `row_id`, with the rows in a data set folder that the ingest stage wrote.

    {"completion": "<think> 1 2 3 </think> <answer> 3 </answer>", "solution": "<answer> 3 </answer>"}
"""

import inspect
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rlvr.data.rows import SCHEMA, Row, read
from rlvr.errors import RlvrError
from rlvr.method import Method, Task
from rlvr.rl.scoring import score, total

FIELDS = (
    *(name for name in SCHEMA.names if name not in ("images", "video", "extra", "response")),
    "truncated",
    "tokens",
)
"""Columns with a place of their own; every other key of a line is one of the row's further columns."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scored:
    """One completion with its rewards."""

    line: int
    """Line of the file, from 1."""
    task: str
    """Task whose rewards were asked."""
    completion: str
    """The text."""
    rewards: dict[str, float | None]
    """Value of each component; None where it does not apply."""
    reward: float | None
    """Weighted sum; None when no component applies."""


def split(name: str, methods: Mapping[str, Method], find: Callable[[str], Method]) -> tuple[Method, str]:
    """`METHOD`, `METHOD/VARIANT` or either with `/TASK` behind it -> the method and the task's name (or "")."""
    front, _, last = name.rpartition("/")
    if name not in methods and front in methods:
        method = methods[front]
        if last in (task.name for task in method.tasks):
            return method, last
        raise RlvrError(
            f"{front} has neither a variant nor a task {last!r}; its tasks are "
            f"{', '.join(task.name for task in method.tasks)}."
        )
    return find(name), ""


def score_file(method: Method, task: str, file: Path, rows: Path | None = None) -> list[Scored]:
    """Every completion of `file`, scored by its task's rewards; `RlvrError` names the line and what it lacks."""
    known = {row["row_id"]: row for row in read(rows)} if rows else {}
    lines = _lines(file)
    table = [_row(line, number, method, task, known, file) for number, line in lines]
    for (number, line), row in zip(lines, table, strict=True):
        _check(method.task(row["task"]), {**line, **_unfolded(row)}, f"{file}, line {number}")
    texts = [line["completion"] for _, line in lines]
    cut = [bool(line.get("truncated", False)) for _, line in lines]
    lengths = [line["tokens"] for _, line in lines] if all("tokens" in line for _, line in lines) else None
    found = score(texts, table, method.tasks, cut, lengths)
    results = []
    for (number, line), row, parts in zip(lines, table, found, strict=True):
        whole = total(parts, method.task(row["task"]))
        results.append(
            Scored(
                line=number, task=row["task"], completion=line["completion"], rewards=parts,
                reward=None if math.isnan(whole) else whole,
            )
        )  # fmt: skip
    return results


def print_scores(method: Method, scored: Sequence[Scored], console: Console) -> None:
    """A table with a line a completion, and the mean of each component."""
    names = list(dict.fromkeys(name for one in scored for name in one.rewards))
    weights = {reward.name: reward.weight for task in method.tasks for reward in task.rewards}
    table = Table(box=None, pad_edge=False, header_style="bold", show_footer=True, footer_style="bold")
    table.add_column("line", "mean", justify="right", no_wrap=True)
    for name in names:
        values = [value for one in scored if (value := one.rewards.get(name)) is not None]
        head = name.replace(".", ".\n") + ("" if weights[name] == 1 else f"\nx {weights[name]:g}")
        table.add_column(head, _shown(sum(values) / len(values) if values else None), justify="right", no_wrap=True)
    sums = [one.reward for one in scored if one.reward is not None]
    table.add_column("reward", _shown(sum(sums) / len(sums) if sums else None), justify="right", no_wrap=True)
    table.add_column("completion", no_wrap=True)
    widths = [max(map(len, str(column.header).split("\n"))) + 2 for column in table.columns[:-1]]
    room = max(20, console.width - sum(widths))
    for one in scored:
        cells = [_shown(one.rewards.get(name)) for name in names]
        table.add_row(str(one.line), *cells, _shown(one.reward), escape(_cut(" ".join(one.completion.split()), room)))
    console.print(table)


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


def _lines(file: Path) -> list[tuple[int, dict[str, Any]]]:
    try:
        content = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RlvrError(f"{file} cannot be read ({error}); give a file with one JSON object a line.") from error
    found = []
    for number, text in enumerate(content.split("\n"), 1):
        if not text.strip():
            continue
        try:
            line = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise RlvrError(f"{file}, line {number} is not JSON ({error}).") from error
        if not isinstance(line, dict) or not isinstance(line.get("completion"), str):
            raise RlvrError(f'{file}, line {number} is not an object with a text "completion".')
        found.append((number, line))
    if not found:
        raise RlvrError(f"{file} holds no completions; write one JSON object a line.")
    return found


def _row(line: dict[str, Any], number: int, method: Method, task: str, known: Mapping[str, Row], file: Path) -> Row:
    """The row that a line's completion answers: the one of its `row_id`, or one made of the line itself."""
    if known:
        row = known.get(line.get("row_id", ""))
        if row is None:
            raise RlvrError(f"{file}, line {number}: row_id {line.get('row_id')!r} is not among the rows given.")
        return row
    names = [one.name for one in method.tasks]
    chosen = task or line.get("task") or (names[0] if len(names) == 1 else "")
    if chosen not in names:
        raise RlvrError(
            f"{file}, line {number}: {method.name} has tasks {', '.join(names)}; name one as "
            f'{method.name}/{names[0]}, or give each line its "task".'
        )
    given = {name: line[name] for name in FIELDS if name in line}
    extra = {name: value for name, value in line.items() if name not in FIELDS and name != "completion"}
    made: Row = {"row_id": f"line {number}", "source": "", "prompt": "", "answer": "", "answer_kind": ""}
    return {**made, **given, "task": chosen, "extra": json.dumps(extra)}


def _unfolded(row: Row) -> dict[str, Any]:
    extra = json.loads(row.get("extra") or "{}")
    return {name: value for name, value in {**row, **extra}.items() if value not in (None, "")}


def _check(task: Task, there: Mapping[str, Any], place: str) -> None:
    """Refuse a line that lacks a column which a reward cannot do without."""
    for reward in task.rewards:
        for parameter in inspect.signature(reward.function).parameters.values():
            required = parameter.kind is inspect.Parameter.KEYWORD_ONLY and parameter.default is inspect.Parameter.empty
            if required and parameter.name not in there and parameter.name not in ("truncated", "judge"):
                raise RlvrError(
                    f'{place}: reward {reward.name} reads the column "{parameter.name}"; add it to the line, or give '
                    f"the rows with --rows and each line its row_id."
                )
