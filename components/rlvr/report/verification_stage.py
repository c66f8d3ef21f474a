"""The verify stage as pipelines perform it: the gate, its page, and a failed gate that can be read afterwards.

Kubeflow drops what a failed task wrote. So a verdict that did not pass is stored like one that did, page included, and
only then does the stage fail, with a message that names the artifact.
"""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rlvr.checkpoints import Checkpoints
from rlvr.data import verify as gate
from rlvr.errors import RlvrError
from rlvr.lineage import outcomes
from rlvr.lineage.record import Telling
from rlvr.progress import report
from rlvr.provenance import Artifact, perform, read_manifest
from rlvr.report.verification_page import FILE, build


def verify(
    *,
    rows: Path,
    tests: Path,
    out_verdict: Path,
    out_rows: Path | None = None,
    checkpoints: Checkpoints | None = None,
    **settings: Any,
) -> dict[str, Any]:
    """`rlvr.data.verify.verify` with its page beside verdict.json; a gate that fails returns its verdict, too.

    `settings` are that function's further arguments. What keeps it from reaching a verdict raises `RlvrError`.
    """
    written = out_verdict / "verdict.json"
    written.unlink(missing_ok=True)
    try:
        verdict = gate.verify(
            rows=rows, tests=tests, out_rows=out_rows, out_verdict=out_verdict, checkpoints=checkpoints, **settings
        )
    except RlvrError:
        if not written.is_file():
            raise
        verdict = json.loads(written.read_text(encoding="utf-8"))
    build(verdict, out_verdict / "facts.parquet", out_verdict, gate.pictures_of({"train": rows, "test": tests}))
    return verdict


def perform_and_show(
    store: str,
    inputs: Mapping[str, Artifact],
    outputs: Mapping[str, Artifact],
    parameters: Mapping[str, Any],
    page: Artifact,
) -> None:
    """Perform `verify` once and copy its page to Kubeflow's HTML artifact; `RlvrError` when the data did not pass."""
    telling = Telling(outcome=outcomes.verdict, about="out_rows")
    made = perform(verify, store=store, inputs=inputs, outputs=outputs, parameters=parameters, telling=telling)
    folder = made["out_verdict"]
    target = Path(page.path)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(folder / FILE, target)
    verdict = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    if not verdict["passed"]:
        digest = read_manifest(outputs["out_verdict"])["digest"]
        message = f"{verdict['problem']} The verdict artifact, with the page {FILE}, is {digest} in the store {store}."
        report("verify", 1, 1, event="error", message=message)
        raise RlvrError(message)
