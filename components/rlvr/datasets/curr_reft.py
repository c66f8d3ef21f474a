"""Curr-ReFT-data, the repository that holds Curr-ReFT's three curriculum stages and its test sets: shared reading.

Hub: ZTE-AIM/Curr-ReFT-data. JSON Lines files under `grpo_data/train` and `grpo_data/test`, pictures under
`grpo_data/images`; a raw row of a training file:

    {"problem": "Is there a ball?", "solution": "<answer>yes</answer>", "task": "classify", "image": "coco/7.jpg"}

`task` is `detection`, `classify` or `math`; it reaches the rewards as `label`. Solutions of the third stage may have a
`<thinking>` part in front of the answer tag, which nothing reads. Files named `_val` are training data too.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rlvr.answers import answer_span
from rlvr.data.pictures_apart import rows_of
from rlvr.data.source import RawRow

HUB_ID = "ZTE-AIM/Curr-ReFT-data"
LICENCE = "apache-2.0 (the pictures' own terms apply)"
FILES = "**/*"
"""All files: pictures lie in another folder than the rows."""

COLUMNS = ("problem", "solution", "task", "image")


def training_rows(folder: Path, name: str) -> Iterator[RawRow]:
    """Rows of the files `<name>*_train.jsonl` and `<name>*_val.jsonl`."""
    return rows_of(folder, [f"{name}*_train.jsonl", f"{name}*_val.jsonl"])


def fields(raw: RawRow, answer_kind: str) -> dict[str, Any]:
    """What all files have in common."""
    solution = str(raw["solution"])
    tagged = answer_span(solution)
    return {
        "images": [raw["image"]],
        "prompt": raw["problem"],
        "answer": solution.strip() if tagged is None else tagged,
        "answer_kind": answer_kind,
        "extra": json.dumps({"solution": solution, "label": raw["task"]}),
    }


def raw_row(problem: str, answer: str, task: str, image: bytes) -> RawRow:
    """A synthetic row in the upstream schema."""
    return {"problem": problem, "solution": f"<answer>{answer}</answer>", "task": task, "image": image}


def response(thought: str, answer: str) -> str:
    """Thought and answer in their tags."""
    return f"<think>{thought}</think>\n<answer>{answer}</answer>"
