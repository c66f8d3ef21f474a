"""Rows with a picture, a problem and a solution in answer tags, as R1-V and its relatives publish them.

    {"image": {"bytes": <PNG>, "path": ...}, "problem": "...", "solution": "<answer> 140° </answer>"}

The solution may hold a reasoning trace in front of its answer.
"""

import json
from typing import Any

from rlvr.answers import last_answer_span
from rlvr.data.source import RawRow


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields; the reward reads upstream's `solution` text as it stands."""
    return {
        "images": [raw["image"]],
        "prompt": raw["problem"],
        "answer": last_answer_span(raw["solution"]) or raw["solution"].strip(),
        "answer_kind": "math",
        "extra": json.dumps({"solution": raw["solution"]}),
    }
