"""The page of an audit: the verdict, what does not hold, the graph behind the artifact, licences, and every statement.

One HTML file without script that fetches nothing; equal inputs give equal bytes. Whatever statements say is cleaned of
control characters and escaped.
"""

import json
from pathlib import Path
from typing import Any

from rlvr.errors import RlvrError
from rlvr.lineage.audit import Verdict
from rlvr.lineage.graph import Graph, Step, label, read_by
from rlvr.report.audit_drawing import draw
from rlvr.report.templates import render


def build(graph: Graph, verdict: Verdict, out: Path, store: str) -> Path:
    """Write the page of a verdict to `out` and return its path; `store` is the address that it shows."""
    steps = sorted(graph.back(verdict.digest), key=lambda step: step.entry.index)
    drawing, width = draw(graph, verdict.digest) if steps else ("", 0)
    page = render(
        "audit_page.html.j2",
        {
            "verdict": verdict,
            "store": store,
            "drawing": drawing,
            "width": width,
            "stages": [_stage(graph, step) for step in steps],
        },
    )
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(page, encoding="utf-8", newline="\n")
    except OSError as error:
        raise RlvrError(f"{out} cannot be written: {error.strerror}. Choose another place with --html.") from error
    return out


def _stage(graph: Graph, step: Step) -> dict[str, Any]:
    predicate = step.entry.statement["predicate"]
    asked = predicate["buildDefinition"]["externalParameters"]
    return {
        "label": label(step.entry),
        "index": step.entry.index,
        "function": asked.get("stage", ""),
        "finished": predicate["runDetails"]["metadata"].get("finishedOn", ""),
        "builder": predicate["runDetails"]["builder"].get("id", ""),
        "made": [(subject["name"], subject["digest"]["sha256"]) for subject in step.entry.statement["subject"]],
        "read": [
            (resource["name"], ", ".join([*resource.get("digest", {}).values(), resource.get("uri", "")]).strip(", "))
            for resource in read_by(step.entry)
        ],
        "checks": [
            (entry.kind, entry.statement["predicate"].get("result", entry.statement["predicate"].get("note", "")))
            for subject in step.entry.subjects
            for entry in graph.about.get(subject, [])
        ],
        "parameters": json.dumps(asked.get("parameters", {}), indent=1, sort_keys=True),
    }
