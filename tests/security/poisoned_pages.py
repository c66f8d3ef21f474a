"""All pages that the package writes, with an attack behind every free text that data, models or people may choose."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from report_run import make_run
from verification_run import make_verification

from lineage_story import Story
from rlvr.lineage.audit import verify
from rlvr.lineage.graph import Graph
from rlvr.lineage.record import Telling
from rlvr.lineage.statement import Checked, Resource
from rlvr.report import audit_page, comparison, page, verification_page
from rlvr.store import LocalStore

NAMES = frozenset(
    "name names function kind role severity about column location digest digests revision benchmark benchmarks tasks "
    "read convert synthetic demonstrate gold skip aggregate architecture style media part row_id row_ids task stage "
    "citations published_rule strict_rule answer_kind images sha256 published model_digest code inputs outputs".split()
)
"""Keys whose texts the page looks things up by."""


def poisoned(value: Any, attack: str, key: str = "") -> Any:
    """`value` with `attack` behind every text but names."""
    if isinstance(value, dict):
        return {name: poisoned(inner, attack, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [poisoned(inner, attack, key) for inner in value]
    return value + attack if isinstance(value, str) and key not in NAMES else value


def _rewrite(path: Path, change: Callable[[Any], Any]) -> None:
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        pq.write_table(pa.Table.from_pylist(change(table.to_pylist()), schema=table.schema), path)
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(change(json.loads(line))) + "\n" for line in path.read_text().splitlines()))
    else:
        path.write_text(json.dumps(change(json.loads(path.read_text()))))


def report(folder: Path, attack: str) -> list[Path]:
    """A run's page, card and summary."""
    run = make_run(folder / "run", n=20)
    for path in sorted((folder / "run").rglob("*")):
        if path.is_file() and path.suffix in (".json", ".jsonl", ".parquet"):
            _rewrite(path, lambda value: poisoned(value, attack))
    run = {key: poisoned(value, attack) if key in ("method", "changes") else value for key, value in run.items()}
    lineage = poisoned([dict(entry) for entry in run["lineage"]], attack)
    page.build(**{**run, "lineage": lineage, "own": run["changes"]}, out=folder / "out")
    return [folder / "out" / name for name in ("report.html", "README.md", "summary.md")]


def several_runs(folder: Path, attack: str) -> Path:
    """The comparison of two runs."""
    numbers = page.build(**make_run(folder / "run", n=20), out=folder / "out")
    runs = []
    for seed in range(2):
        other = poisoned(copy.deepcopy(numbers), attack) | {"seed": seed, "own_values": {f"a.b{attack}": attack}}
        other["digests"]["tuned"] = f"{seed:02x}" * 32
        runs.append(comparison.Run(label=f"run {seed}{attack}", numbers=other))
    comparison.build(runs, folder / "comparison.html")
    return folder / "comparison.html"


def verification(folder: Path, attack: str) -> Path:
    """The page of the verify gate."""
    run = make_verification(folder)
    _rewrite(run["facts"], lambda value: poisoned(value, attack))
    return verification_page.build(**{**run, "verdict": poisoned(run["verdict"], attack)}, out=folder / "out")


def audit(folder: Path, attack: str, keys: Any) -> Path:
    """The page of an audit, whose statements come from somebody that the auditor trusts."""
    store = LocalStore(folder / "store")
    story = Story(store=store, folder=folder, digests={})
    for name in ("rows", "model"):
        story.artifact(name, f"the content of {name}")
    read = Resource(
        name=f"file{attack}", digest={"sha256": "e" * 64}, uri=f"hub:me/sums@{'a' * 40}/{attack}",
        annotations={"licence": f"mit{attack}"},
    )  # fmt: skip
    found = Checked(result="WARNED", passed=(f"passed{attack}",), warned=(f"warned{attack}",), numbers={attack: attack})
    story.stage(f"ingest{attack}", {}, {"out": "rows"}, Telling(origins=lambda *_: [read]))
    story.stage(f"grpo{attack}", {"rows": "rows"}, {"model": "model"}, Telling(outcome=lambda *_: found, about="model"))
    history = story.history()
    verdict = verify(store, history, keys, story.digests["model"])
    return audit_page.build(Graph(history.entries), verdict, folder / "audit.html", f"s3://bucket/{attack}")
