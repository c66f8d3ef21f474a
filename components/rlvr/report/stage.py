"""The report stage's edges: perform it once, then hand the page and the headline numbers to Kubeflow's viewers."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from rlvr.provenance import Artifact, perform


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
    """The folder with `report.html` and `metrics.json`."""
    from rlvr.report.page import build

    done = perform(build, store=store, inputs=inputs, outputs={"out": folder}, parameters=parameters, name="report")
    return done["out"]


def publish(made: Path, page: Artifact, metrics: Metrics) -> None:
    """Copy the page to Kubeflow's HTML artifact and log each benchmark's base, tuned and gain, in per cent."""
    target = Path(page.path)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(made / "report.html", target)
    numbers = json.loads((made / "metrics.json").read_text())
    for benchmark in numbers["benchmarks"]:
        metrics.log_metric(f"{benchmark['name']} base", benchmark["base"]["score_percent"])
        metrics.log_metric(f"{benchmark['name']} tuned", benchmark["tuned"]["score_percent"])
        metrics.log_metric(f"{benchmark['name']} gain", benchmark["difference"]["value"])
    Path(metrics.path).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(made / "metrics.json", metrics.path)
