"""The page of an audit: the verdict, what does not hold, the graph behind the artifact, licences, and every statement.

One HTML file without script that fetches nothing; equal inputs give equal bytes. Whatever statements say is cleaned of
control characters and escaped.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rlvr.errors import RlvrError
from rlvr.lineage.audit import Verdict
from rlvr.lineage.check_words import check_words
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
    definition, details = predicate["buildDefinition"], predicate["runDetails"]
    asked = definition["externalParameters"]
    about = {entry.index: entry for subject in step.entry.subjects for entry in graph.about.get(subject, [])}
    return {
        "label": label(step.entry),
        "index": step.entry.index,
        "function": asked.get("stage", ""),
        "finished": str(details["metadata"].get("finishedOn", "")),
        "builder": details["builder"].get("id", ""),
        "method": asked.get("method", ""),
        "image": any(resource["name"] == "image" for resource in read_by(step.entry)),
        "run": str(details["metadata"].get("invocationId", "")).rpartition("/")[0],
        "machine": _machine(definition.get("internalParameters")),
        "made": [(subject["name"], subject["digest"]["sha256"]) for subject in step.entry.statement["subject"]],
        "read": [(resource["name"], _resource(resource)) for resource in read_by(step.entry)],
        "checks": [(entry.kind, _check(entry.statement["predicate"])) for _, entry in sorted(about.items())],
        "parameters": json.dumps(asked.get("parameters", {}), indent=1, sort_keys=True),
    }


def _resource(resource: Mapping[str, Any]) -> str:
    """Digest, commit and address of something that was read."""
    digest = dict(resource.get("digest", {}))
    told = [digest.pop("sha256", ""), *(f"{kind} {value}" for kind, value in sorted(digest.items()))]
    return ", ".join(filter(None, [*told, str(resource.get("uri", ""))]))


def _machine(told: Any) -> str:
    """Where a stage ran: what speaks for itself without its name, the rest with it."""
    if not isinstance(told, dict):
        return ""
    plain = [str(told[name]) for name in ("machine", "processor") if told.get(name)]
    named = [f"{name} {value}" for name, value in sorted(told.items()) if name not in ("machine", "processor")]
    return ", ".join([*plain, *(text for text in named if not text.endswith(" "))])


def _check(predicate: Mapping[str, Any]) -> str:
    """What a check found, or who approved and why."""
    if "verifier" in predicate:
        who = predicate["verifier"].get("id", "") if isinstance(predicate["verifier"], dict) else ""
        return ": ".join(filter(None, [f"by {who}", str(predicate.get("note", ""))]))
    return ", ".join(filter(None, check_words(predicate)))
