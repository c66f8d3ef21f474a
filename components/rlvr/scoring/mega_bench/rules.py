"""Answer rules of MEGA-Bench: the fields' scores, weighted or the smallest, as the row's task says.

A row's columns: `fields` (name -> metric), `weights` (name -> number), `aggregation` (`mean` or `min`), `parser`,
`truth` (name -> value) and `context`. None where no answer could be read or a field has no rule here.
"""

import json
import math
from typing import Any

from rlvr.scoring.mega_bench.metrics import METRICS, Metric
from rlvr.scoring.mega_bench.reading import answer_fields, answer_text, marked_answer
from rlvr.scoring.mega_bench.values import unquoted

TEXT_PARSERS = ("answer_string", "ascii_answer_string", "verbatim_answer_string")
"""Parsers of tasks with one field."""

FAILURES = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What a metric may raise on an answer of an unexpected form, which scores 0 as upstream."""

Task = dict[str, Any]
"""The columns of one row."""


def published(completions: list[str], *, scoring: list[str], **_: Any) -> list[float | None]:
    """Upstream's rule: the marked answer, or the whole reply where nothing is marked."""
    answers = [marked_answer(text) or text.strip() for text in completions]
    return [_score(answer, json.loads(task)) for answer, task in zip(answers, scoring, strict=True)]


def strict(completions: list[str], *, scoring: list[str], **_: Any) -> list[float | None]:
    """The answer must be marked."""
    answers = [marked_answer(text) or None for text in completions]
    return [_score(answer, json.loads(task)) for answer, task in zip(answers, scoring, strict=True)]


def _score(answer: str | None, task: Task) -> float | None:
    if answer is None or any(metric not in METRICS for metric in task["fields"].values()):
        return None
    said = _said(answer, task)
    if said is None:
        return None
    scores: dict[str, float] = {}
    for field, metric in task["fields"].items():
        score = _field(METRICS[metric], said.get(field, ""), _truth(metric, field, task))
        if score is not None:
            scores[field] = score
    if not scores:
        return 0.0
    if task["aggregation"] == "min":
        return min(scores.values())
    weights = {field: float(task["weights"].get(field, 1.0)) for field in scores}
    total = sum(weights.values())
    return sum(scores[field] * weight for field, weight in weights.items()) / total if total > 0 else 0.0


def _said(answer: str, task: Task) -> dict[str, Any] | None:
    if task["parser"] not in TEXT_PARSERS and (len(task["fields"]) > 1 or task["parser"] == "json"):
        fields = answer_fields(answer)
        return None if fields is None else {name: _plain(value) for name, value in fields.items()}
    (field,) = task["fields"]
    text = answer_text(answer, one_line="\n" not in str(task["truth"].get(field, "")))
    return {field: text} if text else None


def _truth(metric: str, field: str, task: Task) -> Any:
    if metric == "xml_norm_point_in_bbox":
        return (task["context"] or {}).get("bounding_boxes")
    return _plain(task["truth"].get(field, ""))


def _field(metric: Metric, said: Any, truth: Any) -> float | None:
    try:
        score = metric(said, truth)
    except FAILURES:
        return 0.0
    return score if score is None else min(max(score, 0.0), 1.0) if math.isfinite(score) else 0.0


def _plain(value: Any) -> Any:
    return unquoted(value) if isinstance(value, str) else value
