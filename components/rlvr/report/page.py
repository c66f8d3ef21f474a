"""The report of a run: one HTML page that needs nothing else, metrics.json for machines, and two texts for elsewhere.

report.html   the page
metrics.json  its numbers
summary.md    a short table, shown by Kubeflow's Markdown viewer
README.md     the tuned model's card, in the form of the Hugging Face Hub

The page holds no script and fetches nothing; equal inputs give equal bytes. Times are measured where the work is done
and are part of the inputs: two runs of one seed differ in them, on the page and under `cost` in metrics.json, and in
nothing else. Whatever models or data sets wrote is cleaned of control characters and escaped.
"""

from pathlib import Path
from typing import Any

from rlvr.report import curves, forest, headline, licences, metrics, published
from rlvr.report.costs import costs
from rlvr.report.further import design, further
from rlvr.report.gallery import gallery
from rlvr.report.inputs import Evaluation, Training, read_evaluations, read_training, read_verdict
from rlvr.report.model_card import model_card
from rlvr.report.pass_rates import pass_rates
from rlvr.report.reverify import commands
from rlvr.report.rollout_gallery import rollout_gallery
from rlvr.report.short_summary import short_summary
from rlvr.report.templates import render
from rlvr.report.text import setting

KINDS = {
    "Sft": "Supervised fine-tuning",
    "Grpo": "Reinforcement learning",
    "Merge": "Model merging",
    "ShortestSft": "Shortest rejection sampling",
    "Dpo": "Preference optimisation",
}
"""How the page calls the kinds of training stages."""


def build(
    *,
    method: dict[str, Any],
    profile: str,
    seed: int,
    changes: list[dict[str, Any]],
    own: list[dict[str, Any]] | None = None,
    verdict: Path,
    training: Path | None,
    evaluations: list[Path],
    tests: Path,
    rows: Path | None = None,
    lineage: list[dict[str, Any]] | None = None,
    out: Path,
) -> dict[str, Any]:
    """Write the four files of a report to `out`; return what metrics.json holds.

    `method` is the JSON of the method as it ran and `changes` lists `{"field", "published", "run"}` for every setting
    that profile and user changed, `own` those that the user changed; the folders are those that verify, training
    stages, evaluate and ingest wrote, `rows` the training rows (without them training examples are shown without
    pictures). `lineage` is what `rlvr.report.lineage.walk` found.
    """
    benchmarks = {benchmark["name"]: benchmark for benchmark in method["benchmarks"]}
    found = read_evaluations(evaluations, list(benchmarks))
    stages = read_training(training, [stage["name"] for stage in method["stages"]])
    checked = read_verdict(verdict)
    banner = headline.banner(method, profile, _locations(method, found), own or [])
    spent = costs(stages, found)
    numbers: dict[str, Any] = {
        "method": method["name"],
        "title": method["title"],
        "profile": profile,
        "seed": seed,
        "backbone": {key: method["backbone"][key] for key in ("hub_id", "revision", "location")},
        "stages": [{key: training.stage[key] for key in ("name", "kind", "steps")} for training in stages],
        "cost": {
            "seconds": round(spent["total_seconds"], 3),
            **{key: spent[key] for key in ("gpu_hours", "training_tokens", "evaluation_tokens")},
        },
        "changed_settings": len(changes),
        "own_changes": [change["field"] for change in own or []],
        "own_values": {change["field"]: setting(change["run"]) for change in own or []},
        "not_a_reproduction": banner,
        "digests": _digests(found),
        "benchmarks": [_benchmark(benchmarks[name], roles, method, changes) for name, roles in found.items()],
    }
    numbers["verdict"] = metrics.verdict_word(numbers["benchmarks"][0]["difference"])
    primary = next(iter(found))
    told = {
        "method": method,
        "profile": profile,
        "seed": seed,
        "changes": changes,
        "numbers": numbers,
        "titles": {name: benchmark["title"] for name, benchmark in benchmarks.items()},
        "kinds": KINDS,
        "headline": headline.headline(benchmarks[primary]["title"], numbers["benchmarks"][0]),
        "banner": banner,
        "verdict": checked,
        "licences": licences.licences(method, checked),
        "primary": primary,
        "commands": commands(numbers),
    }
    page = {
        **told,
        "own": {change["field"] for change in own or []},
        "words": {entry["name"]: metrics.verdict_word(entry["difference"]) for entry in numbers["benchmarks"]},
        "designs": {entry["name"]: design(entry) for entry in numbers["benchmarks"]},
        "further": {entry["name"]: further(entry) for entry in numbers["benchmarks"]},
        "fine_tuned": published.fine_tuned(numbers["benchmarks"]),
        "drawings": _drawings(numbers["benchmarks"]),
        "stages": [_stage(stage, rows) for stage in stages],
        "missing_stages": [s["name"] for s in method["stages"] if s["name"] not in {t.stage["name"] for t in stages}],
        "gallery": gallery(tests, primary, found[primary]),
        "lineage": lineage,
        "costs": spent,
    }
    files = {
        "report.html": render("page.html.j2", page),
        "metrics.json": metrics.to_text(numbers),
        "summary.md": short_summary(told),
        "README.md": model_card({**told, "lineage": lineage}),
    }
    out.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (out / name).write_text(text, encoding="utf-8", newline="\n")
    return numbers


def _benchmark(
    benchmark: dict[str, Any], roles: dict[str, Evaluation], method: dict[str, Any], changes: list[dict[str, Any]]
) -> dict[str, Any]:
    entry = {"title": benchmark["title"], **metrics.benchmark_metrics(benchmark["name"], roles)}
    entry["truncated"] = {role: evaluation.truncated for role, evaluation in roles.items()}
    return entry | {"published": published.compare(benchmark, entry, roles, method, changes)}


def _digests(found: dict[str, dict[str, Evaluation]]) -> dict[str, str]:
    return {role: evaluation.model_digest for roles in found.values() for role, evaluation in roles.items()}


def _locations(method: dict[str, Any], found: dict[str, dict[str, Evaluation]]) -> list[str]:
    trained = [task["source"]["location"] for task in method["tasks"]]
    return trained + [evaluation.location for roles in found.values() for evaluation in roles.values()]


def _drawings(entries: list[dict[str, Any]]) -> dict[str, Any]:
    reach = forest.reach(entries)
    return {
        entry["name"]: {
            "scores": forest.scores(entry, entry["published"]),
            "difference": forest.difference(entry, reach),
        }
        for entry in entries
    }


def _stage(training: Training, rows: Path | None) -> dict[str, Any]:
    return {
        **training.stage,
        "panels": curves.panels(training.steps),
        "recorded": len(training.steps),
        "pass_rates": pass_rates(training.rollouts) if training.rollouts else None,
        "examples": rollout_gallery(training.rollouts, rows) if training.rollouts else [],
    }
