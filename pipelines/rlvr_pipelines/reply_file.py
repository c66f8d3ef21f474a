"""Reading a file of replies that are to be scored: JSON lines of one's own, or a run's `predictions.parquet`.

    {"row_id": "5d1f...", "gold": "140°", "completion": "<think>...</think> <answer> 140 </answer>"}

`row_id` or `question` says which row was answered. `gold` is the right answer: text or a number for the column `answer`
(or for the only column that the answer rules read), or an object with all columns. Further keys are further columns.
`sample` numbers several replies to one row, from 0. Files are read line by line; nothing that a line holds is executed,
and a line that cannot be used is an error that names it.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rlvr.benchmarks.benchmark import Benchmark
from rlvr.data.rows import Row, read
from rlvr.errors import RlvrError
from rlvr.predictions import scorer_columns
from rlvr.scoring import rules

LONGEST_LINE = 16 * 2**20
"""Bytes of a line that are read."""

RESERVED = ("row_id", "question", "gold", "completion", "sample", "tokens", "truncated", "published", "strict")
"""Keys of a line that are no columns of the answer rules."""

Line = tuple[str, dict[str, Any]]
"""What a line is called in errors, and its content."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Replies:
    """A file's replies, row by row, the samples of a row one after the other."""

    names: Sequence[str]
    """What each reply is called in errors."""
    keys: Sequence[str]
    """Row of each reply."""
    completions: Sequence[str]
    """Texts."""
    columns: Mapping[str, Sequence[Any]]
    """What the answer rules read, one value a reply."""
    samples: int
    """Replies a row."""


def read_replies(file: Path, benchmark: Benchmark, rows: Path | None = None) -> Replies:
    """The replies in `file`; with `rows`, a data set folder of the ingest stage, gold answers come from there."""
    known = {row["row_id"]: row for row in read(rows)} if rows else {}
    lines, samples = _by_row(list(_parquet(file) if file.suffix == ".parquet" else _json_lines(file)), file)
    wanted = rules.columns_read(benchmark)
    if known:
        table = scorer_columns(benchmark, [_known_row(line, name, known) for name, line in lines])
        table = {name: table[name] for name in table if name in (*wanted, "prompt")}
        _complete(table, wanted, rows)
    else:
        given = [_columns(line, name, wanted, benchmark) for name, line in lines]
        table = {name: [one[name] for one in given] for name in given[0]}
    return Replies(
        names=[name for name, _ in lines],
        keys=[_key(line) for _, line in lines],
        completions=[line["completion"] for _, line in lines],
        columns=table,
        samples=samples,
    )


def _json_lines(file: Path) -> Iterator[Line]:
    empty = True
    try:
        with file.open("rb") as opened:
            number = 0
            while raw := opened.readline(LONGEST_LINE + 1):
                number += 1
                if raw.strip():
                    empty = False
                    yield f"{file}, line {number}", _parsed(raw, f"{file}, line {number}")
    except OSError as error:
        raise RlvrError(f"{file} cannot be read ({error.strerror}); give a file of JSON lines.") from error
    if empty:
        raise RlvrError(f'{file} is empty; write one {{"row_id", "gold", "completion"}} object a line.')


def _parsed(raw: bytes, name: str) -> dict[str, Any]:
    if len(raw) > LONGEST_LINE:
        raise RlvrError(f"{name} is longer than {LONGEST_LINE // 2**20} MiB; a reply is far shorter. Cut or drop it.")
    if b"\0" in raw:
        raise RlvrError(f"{name} holds NUL bytes, so it is no line of text; write the file again as UTF-8 JSON lines.")
    try:
        line = json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise RlvrError(f"{name} is not JSON ({error}).") from error
    if not isinstance(line, dict):
        raise RlvrError(f"{name} is not a JSON object but {type(line).__name__}.")
    _check(line, name)
    return line


def _refuse_constant(text: str) -> float:
    raise ValueError(f"{text} is no JSON value")


def _check(line: Mapping[str, Any], name: str) -> None:
    if not isinstance(line.get("completion"), str):
        raise RlvrError(f'{name} has no text "completion"; it has {", ".join(sorted(line)) or "no key"}.')
    if not any(isinstance(line.get(key), str) and line[key] for key in ("row_id", "question")):
        raise RlvrError(f'{name} has neither a "row_id" nor a "question" that says which row was answered.')
    sample = line.get("sample", 0)
    if isinstance(sample, bool) or not isinstance(sample, int) or sample < 0:
        raise RlvrError(f'{name}: "sample" is {sample!r}; samples of a row are numbered 0, 1, 2, ...')


def _parquet(file: Path) -> Iterator[Line]:
    """The lines of a run's predictions; their gold columns stand in the column `gold`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(file)
    except (OSError, pa.ArrowException) as error:
        raise RlvrError(f"{file} cannot be read as parquet ({str(error).splitlines()[0]}).") from error
    if missing := [name for name in ("row_id", "completion") if name not in table.column_names]:
        raise RlvrError(f"{file} lacks the columns {', '.join(missing)}; it has {', '.join(table.column_names)}.")
    if not table.num_rows:
        raise RlvrError(f"{file} holds no predictions.")
    for number, line in enumerate(table.to_pylist(), start=1):
        name = f"{file}, row {number}"
        for rule in ("published", "strict"):
            value = line.get(rule)
            if isinstance(value, float) and not math.isfinite(value):
                raise RlvrError(f"{name} ({line['row_id']}) has {rule} = {value}; the file is damaged, evaluate again.")
        if line.get("gold") is None:
            line.pop("gold", None)
        else:
            try:
                line["gold"] = json.loads(line["gold"])
            except (TypeError, ValueError, RecursionError) as error:
                raise RlvrError(f"{name}: the column gold is not JSON ({error}).") from error
        _check(line, name)
        yield name, {key: line[key] for key in RESERVED if key in line}


def _by_row(lines: list[Line], file: Path) -> tuple[list[Line], int]:
    """The lines with a row's samples one after the other, and how many a row has."""
    samples = max(line.get("sample", 0) for _, line in lines) + 1
    if samples == 1:
        return lines, 1
    rows: dict[str, dict[int, Line]] = {}
    for name, line in lines:
        of_row = rows.setdefault(_key(line), {})
        if line.get("sample", 0) in of_row:
            raise RlvrError(f"{name}: sample {line.get('sample', 0)} of row {_key(line)!r} stands in {file} twice.")
        of_row[line.get("sample", 0)] = (name, line)
    for key, of_row in rows.items():
        if len(of_row) != samples:
            raise RlvrError(f"{file}: row {key!r} has {len(of_row)} samples where others have {samples}.")
    return [of_row[sample] for of_row in rows.values() for sample in range(samples)], samples


def _key(line: Mapping[str, Any]) -> str:
    return str(line.get("row_id") or line["question"])


def _known_row(line: Mapping[str, Any], name: str, known: Mapping[str, Row]) -> Row:
    row = known.get(line.get("row_id") or "")
    if row is None:
        raise RlvrError(f"{name}: row_id {line.get('row_id')!r} is not among the {len(known)} rows given with --rows.")
    return row


def _complete(table: dict[str, list[Any]], wanted: Sequence[str], rows: Path | None) -> None:
    if missing := [column for column in wanted if column not in table]:
        raise RlvrError(f"{rows}: the rows lack {', '.join(missing)}, which the answer rules read; wrong data set?")


def _columns(line: Mapping[str, Any], name: str, wanted: Sequence[str], benchmark: Benchmark) -> dict[str, Any]:
    """The columns that the rules read, from `gold` and the line's further keys."""
    if "gold" not in line:
        raise RlvrError(f'{name} has no "gold"; add the right answer to the line, or give the rows with --rows.')
    gold = line["gold"]
    given = {key: value for key, value in line.items() if key not in RESERVED}
    if "question" in line:
        given.setdefault("prompt", line["question"])
    if isinstance(gold, dict):
        given |= gold
    missing = [column for column in wanted if column not in given and column not in rules.NULLABLE]
    if not isinstance(gold, dict) and missing:
        given["answer" if "answer" in missing else missing[0]] = gold
        missing = [column for column in missing if column not in given]
    if missing:
        raise RlvrError(
            f"{name}: the answer rules of {benchmark.name} read {', '.join(wanted)}, and the line lacks "
            f'{", ".join(missing)}; give them as further keys, or as keys of an object in "gold".'
        )
    if "answer" in wanted:
        given["answer"] = _text(given["answer"], name)
    return {column: given.get(column) for column in (*wanted, "prompt")}


def _text(answer: Any, name: str) -> str:
    """A gold answer as the text that rules compare with."""
    if isinstance(answer, str) and answer.strip():
        return answer
    if isinstance(answer, int | float) and not isinstance(answer, bool):
        return str(answer)
    raise RlvrError(f"{name}: the gold answer {str(answer)[:60]!r} cannot be read; expected a text or a number.")
