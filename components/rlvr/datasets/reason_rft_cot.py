"""Reason-RFT-CoT, the repository that holds Reason-RFT's three training sets and seven test sets: shared reading.

Hub: tanhuajie2001/Reason-RFT-CoT-Dataset. `train_jsons/` and `test_jsons/` hold lists of objects, `train_images.zip`
and `test_images.zip` the pictures. A raw row of a training file:

    {"id": "...", "image": "clevr/7.png", "problem": "...", "answer": "5", "cot": "There are ..."}

Stage 1 of the method learns from 1,600 chains of thought, stage 2 from the remaining rows. Which 1,600 is not
published; here they are the first of the file.
"""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from rlvr.data.pictures_apart import rows_of
from rlvr.data.source import RawRow

HUB_ID = "tanhuajie2001/Reason-RFT-CoT-Dataset"
LICENCE = "Apache-2.0"
FILES = "**/*"
"""All files: the pictures are in archives beside the JSON files."""

COLD_START_ROWS = 1600
"""Rows of stage 1."""

COLUMNS = ("image", "problem", "answer")
COT_COLUMNS = (*COLUMNS, "cot")


def training_rows(folder: Path, name: str, skip: int = 0) -> Iterator[RawRow]:
    """Rows of a training file but for the first `skip`."""
    return islice(rows_of(folder, [name]), skip, None)


def fields(raw: RawRow, answer_kind: str) -> dict[str, Any]:
    """What the three sets have in common; rewards read the answer as `solution`, as upstream's do."""
    pictures = raw["image"] if isinstance(raw["image"], list) else [raw["image"]]
    row: dict[str, Any] = {
        "images": pictures,
        "prompt": raw["problem"],
        "answer": raw["answer"],
        "answer_kind": answer_kind,
        "extra": json.dumps({"solution": raw["answer"]}),
    }
    if cot := raw.get("cot"):
        row["response"] = response(cot, raw["answer"])
    return row


def response(cot: str, answer: str) -> str:
    """What stage 1 learns: chain of thought and answer in their tags, line by line as in upstream's SFT rows."""
    return cot if "<think>" in cot else f"<think>\n{cot.strip()}\n</think>\n<answer>\n{answer}\n</answer>"
