"""The page of a verification: one HTML file that shows what was checked, what failed and why, and lets a reader look.

It holds no script and fetches nothing; equal inputs give equal bytes. Whatever data sets wrote is cleaned of control
characters and escaped.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from rlvr.data.same_pictures import Pictures
from rlvr.report.couples import couples
from rlvr.report.distributions import COLUMNS, distributions
from rlvr.report.inputs import read_table
from rlvr.report.templates import render
from rlvr.report.text import count

FILE = "verification.html"
"""Name of the page."""

LISTED = 100
"""Quarantined rows that the page lists."""

NEEDED = ("part", "row_id", "task")
"""Facts that the page cannot do without."""


def build(verdict: dict[str, Any], facts: Path, out: Path, pictures: Pictures | None = None) -> Path:
    """Write `out/verification.html` and return its path.

    `verdict` is what the verify stage wrote as verdict.json and `facts` its facts.parquet; without `pictures` (encoded
    bytes by part, position and index) pairs are listed without thumbnails.
    """
    train = _train(facts, [check["column"] for check in verdict["checks"] if check.get("column")])
    page = render(
        "verification_page.html.j2",
        {
            "verdict": verdict,
            "names": list(dict.fromkeys(source["name"] for source in verdict["sources"])),
            "headline": headline(verdict),
            "problem": verdict.get("problem"),
            "quarantine": quarantine(verdict, train),
            "distributions": distributions(train),
            "pairs": couples(verdict, pictures),
            "titles": {},
        },
    )
    out.mkdir(parents=True, exist_ok=True)
    path = out / FILE
    path.write_text(page, encoding="utf-8", newline="\n")
    return path


def headline(verdict: Mapping[str, Any]) -> dict[str, Any]:
    """The verdict in a word, in a sentence and in five numbers."""
    failing = [check for check in verdict["checks"] if check["failed"]]
    critical = [check for check in failing if check["severity"] == "critical"]
    warnings = [check for check in failing if check["severity"] == "warning"]
    left_out = verdict["rows_in"] - verdict["rows_out"]
    leaked = sum(overlap["rows"] for overlap in verdict["overlap"])
    sentence = (
        f"{_number(len(verdict['checks']), 'check')} judged {_number(verdict['rows_in'], 'training row')} and "
        f"{_number(verdict['test_rows'], 'test row')}. "
    )
    if not critical:
        sentence += "No critical check found anything"
    else:
        sentence += f"{_number(len(critical), 'critical check')} found something"
    sentence += f", {_number(len(warnings), 'warning')}."
    return {
        "title": "The data passed" if verdict["passed"] else "The data did not pass",
        "sentence": sentence,
        "tally": [
            ("Rows that came in", verdict["rows_in"], ""),
            ("Went on", verdict["rows_out"], ""),
            ("In quarantine", left_out, "warning" if left_out else ""),
            ("Part of a benchmark", leaked, "warning" if leaked else ""),
            ("Warnings", len(warnings), ""),
        ],
    }


def quarantine(verdict: Mapping[str, Any], train: pa.Table) -> dict[str, Any]:
    """The rows that fail critical checks, by position: reasons, and what was measured."""
    reasons: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for check in verdict["checks"]:
        if check["severity"] == "critical" and check.get("about", "rows") == "rows":
            for row_id in dict.fromkeys(check["row_ids"]):
                reasons[row_id].append(check)
    failing = train.filter(pc.is_in(train["row_id"], pa.array(list(reasons), pa.string())))
    first: dict[str, dict[str, Any]] = {}
    # The facts of a row that occurs twice are those of its last copy, the one that checks of repetition name.
    for facts in failing.to_pylist():
        first[facts["row_id"]] = facts
    listed = [
        {
            "row_id": row_id,
            "task": facts["task"],
            "reasons": [check["title"] for check in reasons[row_id]],
            "measured": _measured(facts, reasons[row_id]),
        }
        for row_id, facts in list(first.items())[:LISTED]
    ]
    return {"total": verdict["rows_in"] - verdict["rows_out"], "rows": listed}


def _train(path: Path, judged: Sequence[str]) -> pa.Table:
    """The facts of training rows that the page may show, as far as they were measured."""
    read_table(path, NEEDED)
    there = pq.read_schema(path).names
    table = read_table(path, [name for name in dict.fromkeys([*NEEDED, "error", *COLUMNS, *judged]) if name in there])
    return table.filter(pc.equal(table["part"], "train"))


def _measured(facts: Mapping[str, Any], checks: list[dict[str, Any]]) -> dict[str, str]:
    """Fact -> value, of the facts that the checks judge and that say more than yes or no."""
    names = [check.get("column") for check in checks]
    values = {name: facts.get(name) for name in [*names, "error"] if name}
    return {
        name: _written(value)
        for name, value in values.items()
        if value is not None and value != "" and not isinstance(value, bool)
    }


def _written(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _number(number: int, noun: str) -> str:
    return f"{count(number)} {noun}{'' if number == 1 else 's'}"
