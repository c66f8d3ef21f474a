"""The report stage's edges: perform it once, then hand the page, the summary and the numbers to Kubeflow's viewers."""

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from rlvr.errors import RlvrError
from rlvr.progress import report
from rlvr.provenance import Artifact, code_digest, perform, read_manifest


class Metrics(Artifact, Protocol):
    """Kubeflow's metrics artifact."""

    def log_metric(self, metric: str, value: float) -> None:
        """Show one number in the run's list."""


def write(
    store: str,
    inputs: Mapping[str, Artifact | Sequence[Artifact] | None],
    folder: Artifact,
    parameters: Mapping[str, Any],
) -> Path:
    """The folder with `report.html`, `metrics.json`, `summary.md` and the model card `README.md`."""
    from rlvr.report.lineage import read_records, walk
    from rlvr.report.page import build
    from rlvr.store import open_store

    try:
        lineage = walk(read_records(open_store(store)), _digests(inputs), code_digest())
    except RlvrError as error:
        report("report", 0, 1, event="error", message=str(error))
        raise
    given = {**parameters, "lineage": lineage}
    done = perform(build, store=store, inputs=inputs, outputs={"out": folder}, parameters=given, name="report")
    return done["out"]


def publish(made: Path, page: Artifact, summary: Artifact, metrics: Metrics) -> None:
    """Copy page and summary to Kubeflow's HTML and Markdown artifacts, and log the headline numbers."""
    for name, artifact in (("report.html", page), ("summary.md", summary), ("metrics.json", metrics)):
        target = Path(artifact.path)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(made / name, target)
    for name, value in headline_numbers(json.loads((made / "metrics.json").read_text(encoding="utf-8"))).items():
        metrics.log_metric(name, value)


def headline_numbers(numbers: Mapping[str, Any]) -> dict[str, float]:
    """Flat name -> number, e.g. `geoqa_test_tuned_percent`; what was not measured is left out.

    Of each benchmark: rows, base and tuned score, share of unparsed replies, and the paired gain with its interval.
    """
    flat: dict[str, float] = {}
    for entry in numbers["benchmarks"]:
        name = re.sub(r"\W+", "_", entry["name"])
        flat[f"{name}_rows"] = float(entry["n"])
        for role in ("base", "tuned"):
            if score := entry[role]:
                flat[f"{name}_{role}_percent"] = float(score["score_percent"])
                flat[f"{name}_{role}_unparsed_percent"] = float(score["unparsed_percent"])
        if change := entry["difference"]:
            ends = {"gain": "value", "gain_low": "low", "gain_high": "high"}
            flat |= {f"{name}_{end}_points": float(change[key]) for end, key in ends.items()}
    return flat


def _digests(inputs: Mapping[str, Artifact | Sequence[Artifact] | None]) -> dict[str, str | list[str]]:
    """Argument -> digest of its manifest; the tuned model's evaluations, which come last, are named first."""
    found: dict[str, str | list[str]] = {}
    for argument, given in inputs.items():
        if isinstance(given, Sequence):
            found[argument] = [str(read_manifest(each)["digest"]) for each in reversed(given)]
        elif given is not None:
            found[argument] = str(read_manifest(given)["digest"])
    return found
