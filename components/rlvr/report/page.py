"""The report of a run: one HTML page that needs nothing else, and metrics.json for machines.

The page holds no script and fetches nothing; equal inputs give equal bytes. Whatever models or data sets wrote is
cleaned of control characters and escaped.
"""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from rlvr.report import curves, forest, headline, metrics, published
from rlvr.report.gallery import gallery
from rlvr.report.inputs import Evaluation, Training, read_evaluations, read_training, read_verdict
from rlvr.report.pass_rates import pass_rates
from rlvr.report.text import FILTERS, clean

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
    out: Path,
) -> dict[str, Any]:
    """Write `out/report.html` and `out/metrics.json`; return what metrics.json holds.

    `method` is the JSON of the method as it ran and `changes` lists `{"field", "published", "run"}` for every setting
    that profile and user changed, `own` those that the user changed; the folders are those that verify, training
    stages, evaluate and ingest wrote.
    """
    benchmarks = {benchmark["name"]: benchmark for benchmark in method["benchmarks"]}
    found = read_evaluations(evaluations, list(benchmarks))
    numbers: dict[str, Any] = {
        "method": method["name"],
        "profile": profile,
        "seed": seed,
        "own_changes": [change["field"] for change in own or []],
        "digests": _digests(found),
        "benchmarks": [_benchmark(benchmarks[name], roles, method, changes) for name, roles in found.items()],
    }
    numbers["verdict"] = metrics.verdict_word(numbers["benchmarks"][0]["difference"])
    primary = next(iter(found))
    stages = read_training(training, [stage["name"] for stage in method["stages"]])
    checked = read_verdict(verdict)
    page = (
        _environment()
        .get_template("page.html.j2")
        .render(
            method=method,
            profile=profile,
            seed=seed,
            changes=changes,
            own={change["field"] for change in own or []},
            numbers=numbers,
            titles={name: benchmark["title"] for name, benchmark in benchmarks.items()},
            words={entry["name"]: metrics.verdict_word(entry["difference"]) for entry in numbers["benchmarks"]},
            kinds=KINDS,
            headline=headline.headline(benchmarks[primary]["title"], numbers["benchmarks"][0]),
            banner=headline.banner(method, profile, _locations(method, found), own or []),
            drawings=_drawings(numbers["benchmarks"]),
            stages=[_stage(stage) for stage in stages],
            missing_stages=[s["name"] for s in method["stages"] if s["name"] not in {t.stage["name"] for t in stages}],
            verdict=checked,
            gallery=gallery(tests, primary, found[primary]),
            primary=primary,
            costs=_costs(stages, found),
        )
    )
    out.mkdir(parents=True, exist_ok=True)
    (out / "report.html").write_text(page, encoding="utf-8", newline="\n")
    (out / "metrics.json").write_text(metrics.to_text(numbers), encoding="utf-8", newline="\n")
    return numbers


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent, encoding="utf-8"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=clean,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS)
    return environment


def _benchmark(
    benchmark: dict[str, Any], roles: dict[str, Evaluation], method: dict[str, Any], changes: list[dict[str, Any]]
) -> dict[str, Any]:
    entry = metrics.benchmark_metrics(benchmark["name"], roles)
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


def _stage(training: Training) -> dict[str, Any]:
    return {
        **training.stage,
        "panels": curves.panels(training.steps),
        "recorded": len(training.steps),
        "pass_rates": pass_rates(training.rollouts) if training.rollouts else None,
    }


def _costs(stages: list[Training], found: dict[str, dict[str, Evaluation]]) -> dict[str, Any]:
    """Time and tokens of every training stage and every evaluation."""
    trained = [training.stage for training in stages]
    evaluated = [evaluation for roles in found.values() for evaluation in roles.values()]
    seconds = [entry["seconds"] for entry in trained] + [evaluation.seconds for evaluation in evaluated]
    return {
        "stages": [stage | {"rate": _rate(stage["response_tokens"], stage["seconds"])} for stage in trained],
        "evaluations": [
            {
                "benchmark": evaluation.benchmark,
                "role": evaluation.role,
                "replies": len(evaluation.row_ids),
                "seconds": evaluation.seconds,
                "tokens": evaluation.tokens,
                "truncated": evaluation.truncated,
                "rate": _rate(evaluation.tokens, evaluation.seconds),
            }
            for evaluation in evaluated
        ],
        "total_seconds": sum(value for value in seconds if value is not None),
    }


def _rate(tokens: float | None, seconds: float | None) -> float | None:
    return tokens / seconds if tokens is not None and seconds else None
