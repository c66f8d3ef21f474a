r"""MMR1-SFT: 1,620,490 verified long chains of thought, the cold start of MMR1.

Hub: MMR1/MMR1-SFT, sft.json, in the columns of LLaMA-Factory's conversations; pictures are read from the folder or from
zip archives in it. A raw row:

    {"conversations": [{"from": "human", "value": "<image>..."}, {"from": "gpt", "value": "<think>..."}],
     "images": ["path/of/picture.png"]}

Synthetic rows have the same columns and show the bar charts of `rlvr.datasets.charts`. Their responses look at the bar
asked for, except for the blue one in every second row, so that RL has something left to teach.
"""

import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from rlvr.answers import answer_span
from rlvr.boxed import last_boxed
from rlvr.data.gold import NO_ANSWER
from rlvr.data.pictures_apart import rows_of
from rlvr.data.rows import Row
from rlvr.data.source import RawRow, Source
from rlvr.datasets import charts, mmr1_rl
from rlvr.datasets.choices import listed
from rlvr.errors import RlvrError

_PLACEHOLDER = re.compile(r"\s*<image>\s*")


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields; the answer is what the response's answer tag (or its box) says."""
    turns = {turn["from"]: turn["value"] for turn in raw["conversations"]}
    if set(turns) - {"system"} != {"human", "gpt"}:
        raise RlvrError(f"column 'conversations' has turns of {sorted(turns)}; one of human and one of gpt expected.")
    response = turns["gpt"]
    said = answer_span(response) or response
    return {
        "images": list(raw["images"]),
        "prompt": _PLACEHOLDER.sub("\n", turns["human"]).strip(),
        "answer": last_boxed(said) or said[-200:].strip(),
        "answer_kind": NO_ANSWER,
        "response": response,
    }


def read(folder: Path) -> Iterator[RawRow]:
    """The rows of a folder with sft.json and the pictures, in zip archives or unpacked."""
    return rows_of(folder, ["sft.json"], column="images")


def demonstrate(row: Row) -> str:
    """What the base says before the cold start: as in the RL set."""
    return mmr1_rl.demonstrate(row)


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` bar charts with responses."""
    for number, item in enumerate(islice(mmr1_rl.drawn(n, f"mmr1_sft {seed}"), n)):
        careful = number % 2 == 0 or " blue " not in item.question
        thought, answer = charts.looked_up(item.picture, item.question, chance=4 if careful else 0)
        yield {
            "conversations": [
                {"from": "human", "value": f"<image>{listed(item.question, item.choices)}"},
                {"from": "gpt", "value": f"<think> {thought} </think>\n<answer> \\boxed{{{answer}}} </answer>"},
            ],
            "images": [item.picture],
        }


TRAIN = Source(
    name="mmr1_sft",
    title="MMR1-SFT",
    hub_id="MMR1/MMR1-SFT",
    files="*",
    licence="other (Hub card)",
    published_rows=1_620_490,
    columns=("conversations", "images"),
    convert=convert,
    read=read,
    synthetic=synthetic,
    demonstrate=demonstrate,
)
"""Chains by Gemini 2.5, checked by GPT-4o (Hub card; one line of the repository's README says 16 million)."""
