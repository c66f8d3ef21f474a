r"""MEGA-Bench: 505 tasks with metrics of their own; 440 scored by rules (core), 65 by a language model (open).

Hub: TIGER-Lab/MEGA-Bench, configurations core (6,531 rows) and open (1,160), split test, and the media in data.zip. A
raw row holds texts alone; those of lists and dicts are written in Python's form:

    {"id": "1", "task_name": "geometry_length", "task_description": "...", "global_media": "[]", "example_text": "...",
     "example_media": "['./data/a/0.png']", "query_text": "...", "query_media": "['./data/a/1.png']",
     "answer": "{'answer': '6'}", "metric_info": "{'field_score_function': {'answer': 'exact_str_match'},
     'aggregation': {'function': 'mean', 'field_weights': {'answer': 1}}, 'response_parse_function': 'answer_string'}",
     "eval_context": "{}", "taxonomy_tree_path": "...", "application": "...", "input_format": "...",
     "output_format": "..."}

Left out, and counted by the ingest stage: rows with a field that no rule here can score (`UNSCORED`), which are nearly
all of the open set, and rows with videos. Synthetic rows have the same columns and show bar charts.
"""

import ast
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from rlvr.data.pictures_apart import SUFFIXES, Pictures
from rlvr.data.source import RawRow, Source
from rlvr.datasets import charts
from rlvr.errors import RlvrError
from rlvr.scoring.mega_bench.metrics import UNSCORED

MEDIA = ("global_media", "example_media", "query_media")
"""Columns of the media's paths, in the order in which the texts speak of them."""

TEXTS = ("task_description", "example_text", "query_text")


def convert(raw: RawRow) -> dict[str, Any]:
    """A raw row with its `pictures` -> our fields; `scoring` holds what the rules need, as JSON."""
    metrics, truth = written(raw, "metric_info"), written(raw, "answer")
    aggregation = metrics.get("aggregation") or {}
    wanted = {key: value for key, value in truth.items() if not str(key).startswith("##")}
    scoring = {
        "fields": fields_of(metrics),
        "weights": aggregation.get("field_weights") or {},
        "aggregation": aggregation.get("function") or "mean",
        "parser": metrics.get("response_parse_function") or "json",
        "truth": wanted,
        "context": written(raw, "eval_context"),
    }
    prompt = "\n".join(text for name in TEXTS if (text := raw[name].strip()))
    for number in range(1, len(raw["pictures"]) + 1):
        prompt = prompt.replace("<image>", f"[picture {number}]", 1)
    answer = next(iter(wanted.values())) if len(wanted) == 1 else json.dumps(wanted)
    return {
        "images": list(raw["pictures"]),
        "prompt": prompt,
        "answer": str(answer),
        "answer_kind": "fields",
        "extra": json.dumps({"task_name": raw["task_name"], "scoring": json.dumps(scoring)}),
    }


def left_out(raw: RawRow) -> bool:
    """Whether a field has no rule here or the row shows videos."""
    if raw["pictures"] is None:
        return True
    metrics = written(raw, "metric_info")
    return any(metric in UNSCORED for metric in fields_of(metrics).values()) or bool(metrics.get("global_aux_metrics"))


def fields_of(metrics: dict[str, Any]) -> dict[str, str]:
    """Field -> name of its metric."""
    return {field: str(name).lower() for field, name in (metrics.get("field_score_function") or {}).items()}


def written(raw: RawRow, column: str) -> dict[str, Any]:
    """The dict that a column's text is; an empty one for an empty text."""
    text = raw[column]
    try:
        value = ast.literal_eval(text) if text else {}
    except (ValueError, SyntaxError, RecursionError) as error:
        raise RlvrError(f"column {column!r} of row {raw['id']} is {text[:60]!r}; expected a Python dict.") from error
    return value if isinstance(value, dict) else {}


def read_core(folder: Path) -> Iterator[RawRow]:
    """The core rows of a folder, with their pictures."""
    return joined(folder, "core")


def read_open(folder: Path) -> Iterator[RawRow]:
    """The open rows of a folder, with their pictures."""
    return joined(folder, "open")


def joined(folder: Path, part: str) -> Iterator[RawRow]:
    """The rows of a part; `pictures` holds all media in order, None where any is a video."""
    files = sorted((folder / part).glob("test-*.parquet"))
    if not files:
        raise RlvrError(f"{str(folder)!r} holds no {part}/test-*.parquet; put the data set's files there.")
    pictures = Pictures(folder)
    for file in files:
        try:
            rows = pq.read_table(file).to_pylist()
        except (pa.ArrowException, OSError) as error:
            raise RlvrError(f"{str(file)!r} cannot be read as parquet ({error}); fetch it again.") from error
        for row in rows:
            paths = [path for column in MEDIA for path in ast.literal_eval(row[column] or "[]")]
            still = all(PurePosixPath(path.lower()).suffix in SUFFIXES for path in paths)
            yield {**row, "pictures": [pictures.read(path) for path in paths] if still else None}


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` rows like those of the core part."""
    return shown(n, f"mega_bench core {seed}")


def synthetic_open(n: int, seed: int) -> Iterator[RawRow]:
    """`n` rows in the open part's form whose fields a rule can score."""
    return shown(n, f"mega_bench open {seed}")


def shown(n: int, seed: str) -> Iterator[RawRow]:
    """`n` bar charts drawn from `seed`: one field with text, or two fields as JSON."""
    for number, item in enumerate(charts.items(n, seed, tallest=0.5), start=1):
        if item.choices:
            answer: dict[str, str] = {"place": item.answer}
            parser, fields, name = "answer_string", {"place": "simple_str_match"}, "tallest_bar"
            question = f"{item.question} Say {', '.join(item.choices)}."
        else:
            colours = sorted({bar.colour for bar in item.bars})
            answer = {"height": item.answer, "colours": str(colours)}
            parser, fields, name = "json", {"height": "number_rel_diff_ratio", "colours": "set_equality"}, "height"
            question = f'{item.question} And which colours are there? JSON with "height" and "colours".'
        metrics = {
            "field_score_function": fields,
            "aggregation": {"function": "mean", "field_weights": dict.fromkeys(fields, 1)},
            "response_parse_function": parser,
        }
        yield {
            "id": str(number),
            "task_name": name,
            "task_description": 'Look at the chart. Write your answer behind "Answer:".',
            "global_media": "[]",
            "example_text": "",
            "example_media": "[]",
            "query_text": f"<image>\n{question}",
            "query_media": f"['./data/{number}.png']",
            "answer": str(answer),
            "metric_info": str(metrics),
            "eval_context": "{}",
            "taxonomy_tree_path": "Synthetic",
            "application": "Charts",
            "input_format": "Charts",
            "output_format": "exact_text" if item.choices else "structured_output",
            "pictures": [item.picture],
        }


CORE = Source(
    name="mega_bench_core",
    title="MEGA-Bench core",
    hub_id="TIGER-Lab/MEGA-Bench",
    revision="53bcc0afe693cffd20d8a0edaf1d47cc344bfee2",
    files="**/*",
    licence="Apache-2.0",
    published_rows=6531,
    columns=("id", "task_name", *TEXTS, "answer", "metric_info", "eval_context", "pictures"),
    convert=convert,
    read=read_core,
    skip=left_out,
    synthetic=synthetic,
)
"""What rules score upstream; how many of its rows have videos has not been established."""

OPEN = replace(
    CORE,
    name="mega_bench_open",
    title="MEGA-Bench open",
    published_rows=1160,
    read=read_open,
    synthetic=synthetic_open,
)
"""Upstream lets GPT-4o judge it: only rows whose fields all have a rule remain. The row count is printed rounded."""
