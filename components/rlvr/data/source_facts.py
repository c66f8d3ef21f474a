"""Facts of sources: row counts, commits, file digests and licences, as ingest recorded them against what is published.

`licence_id` is the licence that a publisher's words begin with, as SPDX writes it:

    "Apache-2.0 (by a third party's scan)"                 ->  "Apache-2.0"
    "not stated (CLEVR-CoGenT pictures: CC BY 4.0)"        ->  "unknown"
    "Apache-2.0 on the Hub (the code says CC BY-NC 4.0)"   ->  "non-commercial"
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

SCHEMA = pa.schema(
    [
        pa.field("position", pa.int64()),
        pa.field("row_id", pa.string()),
        pa.field("task", pa.string()),
        pa.field("rows", pa.int64()),
        pa.field("published_rows", pa.int64()),
        pa.field("as_published", pa.bool_()),
        pa.field("commit_pinned", pa.bool_()),
        pa.field("files", pa.int64()),
        pa.field("files_differing", pa.string()),
        pa.field("licence_present", pa.bool_()),
        pa.field("licence_id", pa.string()),
    ]
)
"""`row_id` is the source's name. `as_published` is null for synthetic rows, for parts and where no count is published;
`files_differing` names files whose digest is another than the Hub states, null where the Hub stated none."""

_COMMIT = re.compile(r"[0-9a-f]{40}")

_UNKNOWN = re.compile(r"\s*(not (stated|established|published|known)|unknown|none|-)", re.IGNORECASE)

_NON_COMMERCIAL = re.compile(r"non-?commercial|\bBY-?NC\b|\bNC\b", re.IGNORECASE)

_LICENCES = (
    ("Apache-2.0", re.compile(r"\s*apache(?: licen[cs]e)?[- ]?(?:version )?2(?:\.0)?", re.IGNORECASE)),
    ("MIT", re.compile(r"\s*MIT\b", re.IGNORECASE)),
    ("BSD-3-Clause", re.compile(r"\s*BSD[- ]3", re.IGNORECASE)),
    ("CC0-1.0", re.compile(r"\s*CC0", re.IGNORECASE)),
    ("CC-BY-SA-4.0", re.compile(r"\s*CC[- ]BY[- ]SA[- ]4\.0", re.IGNORECASE)),
    ("CC-BY-4.0", re.compile(r"\s*CC[- ]BY[- ]4\.0", re.IGNORECASE)),
    ("GPL-3.0", re.compile(r"\s*GPL[- ]?(?:v)?3", re.IGNORECASE)),
    ("OpenRAIL", re.compile(r"\s*openrail", re.IGNORECASE)),
)
"""SPDX names and how publishers write them, the longer names first."""


def source_facts(sources: Sequence[Mapping[str, Any]]) -> pa.Table:
    """One line a source of `sources.json`."""
    lines = [{"position": place, **_source(source)} for place, source in enumerate(sources)]
    return pa.Table.from_pylist(lines, schema=SCHEMA)


def _source(source: Mapping[str, Any]) -> dict[str, Any]:
    location, published = source["location"], source.get("published_rows")
    judged = published is not None and source.get("limit") is None and location != "synthetic"
    files = source.get("files") or []
    stated = [file for file in files if file.get("published")]
    differing = [file["path"] for file in stated if not file["as_published"]]
    return {
        "row_id": source["name"],
        "task": source["task"],
        "rows": source["rows"],
        "published_rows": published,
        "as_published": source["rows"] + source.get("skipped", 0) == published or source["rows"] == published
        if judged
        else None,
        "commit_pinned": bool(_COMMIT.fullmatch(source.get("revision") or "")) if location.startswith("hub") else None,
        "files": len(files),
        "files_differing": ", ".join(differing) if stated else None,
        "licence_present": bool((source.get("licence") or "").strip()),
        "licence_id": licence_id(source.get("licence") or ""),
    }


def licence_id(text: str) -> str | None:
    """SPDX name of the licence; `unknown`, `non-commercial` or `other` where there is none; None for no text at all."""
    if not text.strip():
        return None
    if _UNKNOWN.match(text):
        return "unknown"
    if _NON_COMMERCIAL.search(text):
        return "non-commercial"
    return next((name for name, pattern in _LICENCES if pattern.match(text)), "other")
