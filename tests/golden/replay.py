"""Reading golden rows and comparing our results with upstream's."""

import importlib.metadata
import json
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from adapters import ADAPTERS, departure
from shapes import Text

from rlvr.errors import RlvrError

Row = dict[str, Any]

FOLDER = Path(os.environ.get("RLVR_GOLDEN_DIR") or Path(__file__).parent)
"""Where the rows are: `RLVR_GOLDEN_DIR`, or the ones beside the tests."""

TOLERANCE = 1e-9

FLOAT32 = 1e-6
FLOAT32_REWARDS = (
    "handle_advantages[group_sft]",
    "compute_grpo_outcome_advantage",
    "process_experiences[group_norm]",
    "process_experiences[group_norm+adora]",
)
"""What upstream computes in float32: the order in which a machine adds shows."""


def rows() -> Iterator[Row]:
    """All rows in order, each with its place in `row["at"]`."""
    for path in sorted(FOLDER.glob("*.jsonl")):
        # Upstream texts hold characters at which str.splitlines would break; a line of ours ends with \n alone.
        with path.open(encoding="utf-8", newline="\n") as lines:
            for number, line in enumerate(lines, 1):
                yield {**json.loads(line), "at": f"{path.name}:{number}"}


def verdict(row: Row) -> str:
    """`""` when ours equals upstream's, `departure: NAME` when it differs on purpose, else what is wrong."""
    adapters = ADAPTERS[row["method"]]
    adapter = adapters.get(f"{row['task']}:{row['reward']}") or adapters.get(row["reward"])
    if adapter is None:
        return f"{row['at']}: no adapter for {row['task']}:{row['reward']}"
    try:
        ours = adapter(row["inputs"])
    except Exception as error:
        ours = error
    if _agrees(row, ours):
        return ""
    if name := departure(row):
        return f"departure: {name}"
    upstream = row.get("error") or row.get("any_of") or row.get("expected_text") or row["expected"]
    where = f"{row['at']} {row['reward']} ({row['note']})"
    return f"{where}: upstream {upstream!r}, ours {ours!r}, inputs {str(row['inputs'])[:300]}"


def _agrees(row: Row, ours: Any) -> bool:
    if "error" in row:
        # A reward must not raise on a model's text, so None (not applicable) stands for upstream's exception too.
        return ours is None or isinstance(ours, RlvrError) or type(ours).__name__ == row["error"]
    if isinstance(ours, Text):
        if "expected_text" in row and ours.text != row["expected_text"]:
            return False
        ours = ours.score
    tolerance = FLOAT32 if row["reward"] in FLOAT32_REWARDS else TOLERANCE
    return any(_equal(wanted, ours, tolerance) for wanted in row.get("any_of", [_expected(row)]))


def _expected(row: Row) -> Any:
    """The expected value, for the installed math-verify where it depends on that."""
    for other in row.get("version_dependent", []):
        if other["math_verify"] == importlib.metadata.version("math-verify"):
            return other["expected"]
    return row["expected"]


def _equal(wanted: Any, ours: Any, tolerance: float) -> bool:
    """Equal in structure, with numbers as near as `tolerance`; NaN equals NaN."""
    if isinstance(wanted, list):
        same_form = isinstance(ours, list | tuple) and len(wanted) == len(ours)
        return same_form and all(_equal(one, other, tolerance) for one, other in zip(wanted, ours, strict=True))
    if isinstance(wanted, dict):
        same_keys = isinstance(ours, dict) and wanted.keys() == ours.keys()
        return same_keys and all(_equal(value, ours[key], tolerance) for key, value in wanted.items())
    if isinstance(wanted, int | float) and isinstance(ours, int | float):
        both_nan = math.isnan(wanted) and math.isnan(ours)
        return both_nan or wanted == ours or abs(wanted - ours) <= tolerance
    return bool(wanted == ours)
