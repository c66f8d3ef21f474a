r"""Curr-ReFT's self-improvement set: 1,520 answers that got more than 85 of 100 points from GPT-4o.

File of `curr_reft`: SFT_data/reject/cat_all_formatted.jsonl, pictures under SFT_data/images. 700 rows of mathematics,
320 of science, 500 of general questions; 500 of them have no picture. A raw row, in the form of ms-swift:

    {"messages": [{"role": "user", "content": "<image>Which ...?"},
                  {"role": "assistant", "content": "<think>...</think>\n<answer>50</answer>"}], "images": ["geo/7.png"]}

Upstream ships neither the sampler nor the judge. Synthetic rows ask the questions of the third stage and carry careful
answers.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rlvr.answers import answer_span
from rlvr.data.pictures_apart import rows_of
from rlvr.data.rows import Row
from rlvr.data.source import RawRow, Source
from rlvr.datasets import curr_reft, curr_reft_open
from rlvr.errors import RlvrError

PLACEHOLDER = "<image>"


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields; the last message is what is learnt."""
    said = {message["role"]: message["content"] for message in raw["messages"]}
    if not {"user", "assistant"} <= said.keys():
        raise RlvrError(f"column 'messages' has the roles {', '.join(said)}; expected those of user and assistant.")
    answer = answer_span(said["assistant"])
    return {
        "images": raw.get("images") or [],
        "prompt": said["user"].replace(PLACEHOLDER, "").strip(),
        "answer": said["assistant"].strip() if answer is None else answer,
        "answer_kind": "text",
        "response": said["assistant"],
        "extra": json.dumps({"solution": said["assistant"]}),
    }


def demonstrate(row: Row) -> str:
    """The row's own answer."""
    return row["response"] or ""


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` questions about angles and toys in turn."""
    angles = curr_reft_open.angles(n, f"curr_reft_self angles {seed}")
    toys = curr_reft_open.classes(n, f"curr_reft_self toys {seed}")
    for number in range(n):
        raw = next(toys if number % 2 else angles)
        answer = answer_span(raw["solution"]) or ""
        thought = f"I see {len(answer.split(', '))}." if number % 2 else f"180 - {180 - int(answer)}"
        yield {
            "messages": [
                {"role": "user", "content": PLACEHOLDER + raw["problem"]},
                {"role": "assistant", "content": curr_reft.response(thought, answer)},
            ],
            "images": [raw["image"]],
        }


def read(folder: Path) -> Iterator[RawRow]:
    """All rows; those without pictures among them."""
    return rows_of(folder, ["cat_all_formatted.jsonl"], column="images")


SELF = Source(
    name="curr_reft_self",
    title="Curr-ReFT self-improvement",
    hub_id=curr_reft.HUB_ID,
    files=curr_reft.FILES,
    licence=curr_reft.LICENCE,
    published_rows=1520,
    columns=("messages", "images"),
    convert=convert,
    read=read,
    synthetic=synthetic,
    demonstrate=demonstrate,
)
