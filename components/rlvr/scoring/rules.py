"""Both answer rules of a benchmark on completions: what scoring is, apart from generation and apart from statistics.

    scored(benchmark, ["<answer>4</answer>"], {"answer": ["4"]})  ->  [{"published": 1.0, "strict": 1.0}]

Rules are pure functions; rules that ask math-verify wait for its child processes, so long lists are scored by a few
threads, each of which gets a process of its own. Both rules see the same rows shortly one after the other, for the
process then still knows their golds. A rule that raises or gives no score in [0, 1] is an error that names the row,
because a score that is silently wrong is worse than none.
"""

import inspect
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from rlvr.benchmarks.benchmark import Benchmark, BoxReader, Scorer
from rlvr.errors import RlvrError

CHUNK = 128
"""Completions that a thread scores at a time."""

Columns = Mapping[str, Sequence[Any]]
"""Column name -> one value a completion."""

NULLABLE = ("options",)
"""Columns that rows may lack."""


def scored(
    benchmark: Benchmark, completions: Sequence[str], columns: Columns, names: Sequence[str] | None = None
) -> list[dict[str, float | None]]:
    """Both rules' scores a completion; None where no answer could be read.

    Completions begin with the prompt's prefill, as they stand in `predictions.parquet`; `names` say in errors which
    completion is meant (default: its number).
    """
    named = [f"completion {number}" for number in range(1, len(completions) + 1)] if names is None else names
    spans = list(_spans(len(completions)))

    def both(span: slice) -> list[dict[str, float | None]]:
        some = completions[span], {name: values[span] for name, values in columns.items()}, named[span]
        published = _part("published", benchmark.published_rule, *some)
        strict = _part("strict", benchmark.strict_rule, *some)
        return [{"published": first, "strict": second} for first, second in zip(published, strict, strict=True)]

    if len(spans) < 2:
        return [scores for span in spans for scores in both(span)]
    threads = ThreadPoolExecutor(len(os.sched_getaffinity(0)))
    try:
        return [scores for part in threads.map(both, spans) for scores in part]
    finally:
        threads.shutdown(cancel_futures=True)  # after an error or Ctrl-C the rest is not scored


def boxes(benchmark: Benchmark, completions: Sequence[str], columns: Columns) -> dict[str, list[str]]:
    """The boxes of each completion as text, by rule; nothing for benchmarks without average precision."""
    readers: dict[str, BoxReader | None] = {
        "published": benchmark.published_boxes, "strict": benchmark.strict_boxes,
    }  # fmt: skip
    return {
        rule: [picture.to_text() for picture in read(list(completions), **columns)]
        for rule, read in readers.items()
        if read is not None
    }


def columns_read(benchmark: Benchmark) -> list[str]:
    """Columns that the rules, and the arrangement of rows, need; sorted."""
    functions = [benchmark.published_rule, benchmark.strict_rule, benchmark.published_boxes, benchmark.strict_boxes]
    found = {name for function in functions if function is not None for name in needed(function)}
    return sorted(found | {name for name in (benchmark.macro_by, benchmark.cluster_by) if name})


def needed(function: Scorer | BoxReader) -> list[str]:
    """Columns that a rule cannot do without: its keyword parameters that have no default."""
    parameters = inspect.signature(function).parameters.values()
    return [
        one.name for one in parameters
        if one.kind is inspect.Parameter.KEYWORD_ONLY and one.default is inspect.Parameter.empty
    ]  # fmt: skip


def _spans(count: int) -> Iterator[slice]:
    for start in range(0, count, CHUNK):
        yield slice(start, start + CHUNK)


def _part(
    rule: str, function: Scorer, completions: Sequence[str], columns: Columns, names: Sequence[str]
) -> list[float | None]:
    try:
        scores = function(list(completions), **{name: list(values) for name, values in columns.items()})
    except Exception as error:
        if len(completions) > 1:  # one by one, to find the row
            return [
                score
                for place, name in enumerate(names)
                for score in _part(rule, function, [completions[place]], _at(columns, place), [name])
            ]
        reason = (str(error).splitlines() or [""])[0][:200]
        shown = ", ".join(f"{name} {_cut(columns[name][0])}" for name in needed(function) if name in columns)
        raise RlvrError(
            f"{names[0]}: the {rule} rule {function.__module__}.{function.__name__} cannot score it "
            f"({type(error).__name__}: {reason}); it was given {shown or 'no column'}. Correct the gold answer."
        ) from error
    if len(scores) != len(completions):
        raise RlvrError(f"The {rule} rule {function.__name__} gave {len(scores)} scores, not {len(completions)}.")
    for name, score in zip(names, scores, strict=True):
        if score is not None and not (math.isfinite(score) and 0 <= score <= 1):
            raise RlvrError(
                f"{name}: the {rule} rule {function.__module__}.{function.__name__} gave {score}; a score lies in "
                f"[0, 1], or is None where no answer can be read."
            )
    return [None if score is None else float(score) for score in scores]


def _at(columns: Columns, place: int) -> dict[str, list[Any]]:
    return {name: [values[place]] for name, values in columns.items()}


def _cut(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"
