"""Several runs side by side, from their metrics.json alone: seeds of one method, variants of it, different methods.

Runs of the same method, profile and settings are repetitions that differ in the seed: of those mean and standard
deviation over the runs are told, beside each run's own interval. The interval of a run covers the choice of rows, the
standard deviation the luck of training; neither contains the other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from rlvr.errors import RlvrError
from rlvr.report import forest, gain_strips
from rlvr.report.metrics import verdict_word
from rlvr.report.templates import render


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """A finished run."""

    label: str
    """Name of its folder, or what else tells it from the others."""
    numbers: dict[str, Any]
    """Contents of its metrics.json."""


def compare(runs: Sequence[Run]) -> dict[str, Any]:
    """What the page and `--json` say: `runs` as given, and `repeated` where several differ in the seed alone."""
    _refuse_twins(runs)
    entries = [_entry(run) for run in runs]
    entries.sort(key=lambda entry: (_settings(entry), entry["seed"], entry["label"]))
    repeated = []
    for _, group in groupby(entries, key=_settings):
        if len(members := list(group)) > 1:
            repeated.append(_repetition(members))
    return {"runs": entries, "repeated": repeated}


def build(runs: Sequence[Run], out: Path) -> dict[str, Any]:
    """Write the page to the file `out` and return what `compare` says."""
    told = compare(runs)
    changes = [entry for run in told["runs"] for entry in run["benchmarks"]]
    changes += [
        {"difference": _spread(entry["difference"])} for group in told["repeated"] for entry in group["benchmarks"]
    ]
    reach = forest.reach(changes)
    primary = [run["benchmarks"][0] for run in told["runs"]]
    page = render(
        "comparison.html.j2",
        {
            **told,
            "methods": list(dict.fromkeys(run["title"] for run in told["runs"])),
            "gains": sum(verdict_word(entry["difference"]) == "gain shown" for entry in primary),
            "apart": [run for run in told["runs"] if run["not_a_reproduction"]],
            "forest": _forest(told, reach),
            "axis": gain_strips.axis(reach),
        },
    )
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(page, encoding="utf-8", newline="\n")
    except OSError as error:
        raise RlvrError(f"{out} cannot be written: {error.strerror}. Choose another place with -o.") from error
    return told


def _refuse_twins(runs: Sequence[Run]) -> None:
    seen: dict[tuple[Any, ...], str] = {}
    for run in runs:
        numbers = run.numbers
        key = (numbers["method"], numbers["profile"], numbers["seed"], numbers.get("digests", {}).get("tuned"))
        if key in seen:
            raise RlvrError(
                f"{run.label} and {seen[key]} are the same run: {key[0]}, profile {key[1]}, seed {key[2]}, with the "
                "same tuned model. Give each run once, or its weight doubles."
            )
        seen[key] = run.label


def _entry(run: Run) -> dict[str, Any]:
    numbers = run.numbers
    cost = numbers.get("cost") or {}
    kept = ("name", "n", "base", "tuned", "difference")
    return {
        "label": run.label,
        "method": numbers["method"],
        "title": numbers.get("title") or numbers["method"],
        "profile": numbers["profile"],
        "seed": numbers["seed"],
        "tuned_digest": (numbers.get("digests") or {}).get("tuned"),
        "stages": [stage["name"] for stage in numbers["stages"]] if "stages" in numbers else None,
        "seconds": cost.get("seconds"),
        "gpu_hours": cost.get("gpu_hours"),
        "changed_settings": numbers.get("changed_settings"),
        "own_values": numbers.get("own_values") or dict.fromkeys(numbers.get("own_changes") or [], "changed"),
        "not_a_reproduction": bool(numbers.get("not_a_reproduction", numbers["profile"] == "laptop")),
        "benchmarks": [
            {"title": entry.get("title") or entry["name"], **{key: entry[key] for key in kept}}
            for entry in numbers["benchmarks"]
        ],
    }


def _settings(entry: Mapping[str, Any]) -> tuple[Any, ...]:
    """What two runs share that differ in the seed alone."""
    return (entry["method"], entry["profile"], sorted(entry["own_values"].items()))


def _repetition(members: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Mean and standard deviation over runs, of each benchmark that all of them were tested on with as many rows."""
    first = members[0]
    measured = [{entry["name"]: entry for entry in member["benchmarks"]} for member in members]
    shared = [
        entry["name"] for entry in first["benchmarks"] if all(_alike(one.get(entry["name"]), entry) for one in measured)
    ]
    return {
        **{key: first[key] for key in ("method", "title", "profile", "own_values")},
        "seeds": [member["seed"] for member in members],
        "benchmarks": [
            {
                "name": name,
                "title": measured[0][name]["title"],
                "n": measured[0][name]["n"],
                **{role: _mean([one[name][role]["score_percent"] for one in measured]) for role in ("base", "tuned")},
                "difference": _mean([one[name]["difference"]["value"] for one in measured]),
            }
            for name in shared
        ],
    }


def _alike(entry: Mapping[str, Any] | None, other: Mapping[str, Any]) -> bool:
    """Whether both were measured on as many rows, with a difference."""
    return entry is not None and entry["n"] == other["n"] and entry["difference"] is not None


def _mean(values: Sequence[float]) -> dict[str, float]:
    """Mean and standard deviation over two or more runs, the lowest and the highest."""
    return {"mean": round(fmean(values), 4), "sd": round(stdev(values), 4), "low": min(values), "high": max(values)}


def _spread(summary: Mapping[str, float]) -> dict[str, float]:
    return {"low": summary["mean"] - summary["sd"], "high": summary["mean"] + summary["sd"]}


def _forest(told: Mapping[str, Any], reach: float) -> list[dict[str, Any]]:
    """Lines of the drawing: every run's benchmarks, and after the last run of a repetition its means."""
    repeated = {str(_settings(group)): group for group in told["repeated"]}
    lines: list[dict[str, Any]] = []
    for key, group in groupby(told["runs"], key=_settings):
        for run in group:
            for number, entry in enumerate(run["benchmarks"]):
                if change := entry["difference"]:
                    name = f"{run['title']}, seed {run['seed']}, {entry['title']}"
                    drawn = gain_strips.strip(change, reach, name)
                    lines.append({"run": run, "first": not number, "benchmark": entry["title"], "svg": drawn})
        for number, entry in enumerate(repeated.get(str(key), {"benchmarks": []})["benchmarks"]):
            name = f"{run['title']}, mean of runs, {entry['title']}"
            drawn = gain_strips.mean_strip(entry["difference"], reach, name)
            lines.append({"run": None, "first": not number, "benchmark": entry["title"], "svg": drawn})
    return lines
