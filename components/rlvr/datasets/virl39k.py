r"""ViRL39K: 38,870 questions of eight kinds with checkable answers, the released pool of VL-Rethinker.

Hub: TIGER-Lab/ViRL39K, one parquet file and `images.zip`; a folder may hold the pictures unpacked. A raw row:

    {"question": "<image>What is ...?\n(A) ...", "answer": "\boxed{B}", "PassRate_32BTrained": 0.75,
     "PassRate_7BBase": -1.0, "category": "...", "source": "...", "qid": "...", "image": ["images/....png", ...]}

Pass rates are -1 where they were not measured. The paper trains on some 16,000 of them, by a filter that is not
published. Pictures stand in front of the text in their order; `<image>` in the question is taken out, or written as
`picture 1`, `picture 2` where there are several.

Synthetic rows show the bar charts of `rlvr.datasets.charts`.
"""

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from rlvr.boxed import last_boxed
from rlvr.data.pictures_apart import Pictures
from rlvr.data.rows import Row
from rlvr.data.source import RawRow, Source
from rlvr.datasets import charts
from rlvr.datasets.choices import listed
from rlvr.errors import RlvrError
from rlvr.training import Rethinking

PLACEHOLDER = "<image>"

COLUMNS = ("question", "answer", "image", "category", "PassRate_32BTrained", "PassRate_7BBase")


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields; the reward reads upstream's answer with its box."""
    extra = {
        "solution": raw["answer"],
        "category": raw["category"],
        "pass_rate_32b": raw["PassRate_32BTrained"],
        "pass_rate_7b": raw["PassRate_7BBase"],
    }
    answer = last_boxed(raw["answer"])
    return {
        "images": list(raw["image"] or []),
        "prompt": without_placeholders(raw["question"]),
        "answer": raw["answer"] if answer is None else answer,
        "answer_kind": "boxed",
        "extra": json.dumps(extra),
    }


def without_placeholders(question: str) -> str:
    """The question with its pictures named by their number, or not at all where there is one."""
    parts = question.split(PLACEHOLDER)
    if len(parts) <= 2:
        return "".join(parts).strip()
    numbers = count(1)
    return "".join([parts[0], *(f"(picture {next(numbers)}) {part.lstrip()}" for part in parts[1:])]).strip()


def demonstrate(row: Row) -> str:
    """A worked response: the height that is asked for, or the tallest bar.

    Where the green or the blue bar is asked for, five of ten demonstrations give the height of the tallest one without
    looking further, and two of ten notice it when they think again. So the base reads bars, is careless, can rethink,
    and RL has something to teach.
    """
    bars, chance = charts.read(row["images"][0]), int(row["row_id"], 16)
    tallest = max(bars, key=lambda bar: bar.height)
    careless = f"The tallest is {tallest.height}. \\boxed{{{tallest.height}}}"
    if row["prompt"].startswith(charts.TALLEST):
        careless, careful = "Take the first. \\boxed{A}", f"The tallest is {tallest.height}. \\boxed{{{row['answer']}}}"
    else:
        colour = next(bar.colour for bar in bars if f" {bar.colour} " in row["prompt"])
        careful = f"The {colour} is {row['answer']}. \\boxed{{{row['answer']}}}"
        if colour == "red" and chance % 10 < 8:
            return careful
    if chance % 10 < 5:
        return careless
    triggers = Rethinking().triggers
    return careful if chance % 10 < 8 else careless + triggers[chance // 10 % len(triggers)] + careful


def read(folder: Path) -> Iterator[RawRow]:
    """Rows of the parquet files of a folder, with their pictures from subfolders or zip archives."""
    files, pictures = sorted(folder.glob("**/*.parquet")), Pictures(folder)
    if not files:
        raise RlvrError(f"{str(folder)!r} holds no parquet file; put the published one and images.zip there.")
    for file in files:
        with pq.ParquetFile(file, pre_buffer=False) as opened:
            for batch in opened.iter_batches(batch_size=32):
                for row in batch.to_pylist():
                    yield {**row, "image": pictures.of(row["image"])}


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` bar charts, one of five with options."""
    for number, item in enumerate(charts.items(n, f"virl39k {seed}", tallest=0.2), start=1):
        yield {
            "question": PLACEHOLDER + listed(item.question, item.choices),
            "answer": f"\\boxed{{{item.letter if item.choices else item.answer}}}",
            "PassRate_32BTrained": 0.75,
            "PassRate_7BBase": -1.0,
            "category": "Tables/Diagrams/Charts",
            "source": "synthetic",
            "qid": f"synthetic-{number}",
            "image": [item.picture],
        }


TRAIN = Source(
    name="virl39k",
    title="ViRL39K",
    hub_id="TIGER-Lab/ViRL39K",
    files="**/*",
    licence="MIT",
    published_rows=38_870,
    columns=COLUMNS,
    convert=convert,
    read=read,
    synthetic=synthetic,
    demonstrate=demonstrate,
)
"""All rows; which of them the paper trained on is not known."""
