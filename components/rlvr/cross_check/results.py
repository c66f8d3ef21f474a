"""lmms-eval's files as our metrics: its results JSON and the samples of each task.

<time>_results.json         {"results": {"cv_bench": {"alias": "cv_bench", "cv_bench_acc,none": 0.61, ...}},
                             "n-samples": {"cv_bench": {"original": 2638, "effective": 2638}}, ...}
<time>_samples_<task>.jsonl {"doc_id": 0, "target": "(A)", "filtered_resps": "...", "cv_bench_acc": {"is_correct": true,
                             "pred_parsed": "A", ...}} in every line
"""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rlvr.cross_check.tasks import GENERAL_DEFECTS, SHARED, VERSION, SharedTask
from rlvr.errors import RlvrError
from rlvr.scoring import intervals

DIGITS = 4
"""Decimals kept, as in our metrics."""

ROUNDING = 1e-3
"""Difference between lmms-eval's own figure and the mean of its samples that its rounding explains."""

Samples = list[dict[str, Any]]


def metrics(folder: Path, names: Sequence[str], role: str) -> dict[str, Any]:
    """What a run left in `folder` for our benchmarks `names`, in the form of metrics.json for the model `role`."""
    found = sorted(folder.rglob("*_results.json"))
    if len(found) != 1:
        raise RlvrError(f"{folder} holds {len(found)} files *_results.json; one run of lmms-eval leaves exactly one.")
    results = _json(found[0])
    entries = []
    for name in names:
        shared = SHARED[name]
        samples = _samples(found[0], shared.task)
        entries.append(_entry(name, role, shared, results, samples, found[0]))
    return {"harness": f"lmms-eval {VERSION}", "defects": list(GENERAL_DEFECTS), "role": role, "benchmarks": entries}


def _entry(
    name: str, role: str, shared: SharedTask, results: dict[str, Any], samples: Samples, path: Path
) -> dict[str, Any]:
    """One benchmark; the interval is of the samples' verdicts, or of the share where samples carry none."""
    score = _figure(results, shared, path)
    n = _count(results, shared, path)
    verdicts = [_below(sample.get(shared.metric), shared.verdict) for sample in samples] if samples else []
    if shared.metric == "exact_match":
        verdicts = [sample.get("exact_match") for sample in samples]
    scores = [float(bool(verdict)) for verdict in verdicts if isinstance(verdict, bool | int | float)]
    if not (shared.verdict or shared.metric == "exact_match") or len(scores) != n:
        scores = []
    if scores and abs(sum(scores) / n - score) > ROUNDING:
        raise RlvrError(
            f"{path}: {shared.metric} of {shared.task} is {score:.4f} where its samples give {sum(scores) / n:.4f}; "
            f"results and samples are not of one run."
        )
    low, high = intervals.mean_interval(scores) if scores else intervals.wilson(score * n, n)
    entry: dict[str, Any] = {
        "name": name,
        "n": n,
        "task": shared.task,
        "metric": shared.metric,
        "defects": list(shared.defects),
        "base": None,
        "tuned": None,
        "difference": None,
        "gained": None,
        "lost": None,
    }
    entry[role] = {
        "score_percent": _percent(score),
        "low": _percent(low),
        "high": _percent(high),
        "unparsed_percent": _unread(samples, shared),
    }
    return entry


def _figure(results: dict[str, Any], shared: SharedTask, path: Path) -> float:
    """The metric as a share."""
    table = _below(results, ("results", shared.task))
    values = [
        value
        for key, value in (table.items() if isinstance(table, dict) else ())
        if key.partition(",")[0] == shared.metric
    ]
    if len(values) != 1 or isinstance(values[0], bool) or not isinstance(values[0], int | float):
        there = ", ".join(table) if isinstance(table, dict) else "nothing"
        raise RlvrError(
            f"{path}: task {shared.task} has no single number for {shared.metric}; it has {there}. This reads "
            f"lmms-eval {VERSION}; another version names its metrics otherwise."
        )
    score = float(values[0]) / (100 if shared.percent else 1)
    if not math.isfinite(score) or not 0 <= score <= 1:
        raise RlvrError(f"{path}: {shared.metric} of {shared.task} is {values[0]}; expected a share or a percentage.")
    return score


def _count(results: dict[str, Any], shared: SharedTask, path: Path) -> int:
    n = _below(results, ("n-samples", shared.task, "effective"))
    if isinstance(n, bool) or not isinstance(n, int | float) or n < 1 or n != int(n):
        raise RlvrError(f"{path}: n-samples of {shared.task} is {n!r}; expected how many rows were scored.")
    return int(n)


def _unread(samples: Samples, shared: SharedTask) -> float | None:
    """Share of samples in which no answer was read, in per cent; None where lmms-eval does not tell."""
    if not shared.answer or not samples:
        return None
    answers = [_below(sample.get(shared.metric), shared.answer) for sample in samples]
    return _percent(sum(answer in ("", None, [0, 0, 0, 0]) for answer in answers) / len(answers))


def _samples(results: Path, task: str) -> Samples:
    """The samples of a task, from the file beside the results; an empty list without one."""
    path = results.with_name(results.name.replace("_results.json", f"_samples_{task}.jsonl"))
    if not path.is_file():
        return []
    samples = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            samples.append(json.loads(line))
        except ValueError as error:
            raise RlvrError(
                f"{path}, line {number}: not JSON ({error}); the run was cut off, start it again."
            ) from error
    return samples


def _json(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise RlvrError(f"{path} is not JSON ({error}); start the run again.") from error
    if not isinstance(data, dict):
        raise RlvrError(f"{path} holds no object; it is not lmms-eval's results file.")
    return data


def _below(value: Any, path: Sequence[str]) -> Any:
    """What stands below `value` at the keys or positions of `path`; None where nothing does."""
    for key in path:
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            return None
    return value


def _percent(share: float) -> float:
    return round(100 * share, DIGITS) + 0.0
