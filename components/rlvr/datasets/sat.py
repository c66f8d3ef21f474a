"""SAT (Spatial Aptitude Training): synthetic indoor scenes with questions for one of two or more option texts.

Hub: array/SAT, SAT_train.parquet (4.56 GB). A raw row:

    {"image_bytes": [<JPEG>], "question": "...", "answers": ["left", "right"], "question_type": "...",
     "correct_answer": "left"}

`image_bytes` holds one or two pictures. The answer is the TEXT of an option. VisualThinker-R1-Zero reads the first
15,000 rows, leaves out those with two pictures, shuffles the options and writes them behind the question.
"""

import hashlib
import json
import random
import re
from collections.abc import Iterator
from typing import Any

from rlvr.data.rows import Row
from rlvr.data.source import RawRow, Source
from rlvr.datasets import object_pairs


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields; the order of the options is drawn from the row's own content."""
    options = list(raw["answers"])
    content = hashlib.sha256(json.dumps([raw["question"], *sorted(options)]).encode())
    for picture in raw["image_bytes"]:
        content.update(picture)
    random.Random(content.hexdigest()).shuffle(options)
    return {
        "images": list(raw["image_bytes"]),
        "prompt": f"{raw['question']} Choose {either(options)}.",
        "answer": raw["correct_answer"],
        "answer_kind": "choice",
        "options": options,
        "extra": json.dumps({"solution": f"<answer>{raw['correct_answer']}</answer>"}),
    }


def either(options: list[str]) -> str:
    """Option texts joined with commas and "or"."""
    return " or ".join([", ".join(options[:-1]), options[-1]] if len(options) > 1 else options)


def several_pictures(raw: RawRow) -> bool:
    """Whether upstream leaves the row out."""
    return len(raw["image_bytes"]) != 1


def demonstrate(row: Row) -> str:
    """A worked response to a synthetic row: what is seen of the item asked about, then the answer.

    Three of five demonstrations look at the other item and so give the other option: the base sees, but follows the
    question badly, and RL has something to teach.
    """
    colours = re.findall("|".join(object_pairs.COLOURS), row["prompt"])
    careless = int(row["row_id"], 16) % 5 < 3
    (other,) = [option for option in row["options"] or () if option != row["answer"]]
    given = other if careless else row["answer"]
    if given in object_pairs.COLOURS:
        return f"<think> {given} is {'smaller' if careless else 'larger'} </think> <answer>{given}</answer>"
    return f"<think> {colours[1 if careless else 0]} is {given} </think> <answer>{given}</answer>"


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` pairs of objects with questions about left and right, above and below, near and far."""
    for pair in object_pairs.pairs(n, f"sat {seed}"):
        yield {
            "image_bytes": [pair.picture],
            "question": pair.question,
            "answers": list(pair.options),
            "question_type": "other",
            "correct_answer": pair.answer,
        }


TRAIN = Source(
    name="sat_train",
    title="SAT",
    hub_id="array/SAT",
    files="SAT_train.parquet",
    licence="MIT",
    published_rows=175_000,
    columns=("image_bytes", "question", "answers", "correct_answer"),
    convert=convert,
    skip=several_pictures,
    synthetic=synthetic,
    demonstrate=demonstrate,
    limit=15_000,
)
"""The rows that VisualThinker-R1-Zero reads. The card counts 175,000 in all today, the paper 218,000."""
