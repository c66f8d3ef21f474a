"""Digit recognition of r1-vlm: pictures of one to three handwritten digits, to be listed or added.

Hub: sunildkumar/digit-recognition-r1 (splits digits_1, digits_2, digits_3 of 2,000 rows: 1,000 pictures x {recognition,
addition}); derived from MNIST by a generator that is not published. A raw row:

    {"messages": [...chat with an IMAGE_PLACEHOLDER...], "task": "addition", "label": [3, 5],
     "total": 8, "image": <PNG>}

Synthetic rows have the same columns. Their pictures are composed of REAL handwritten digits: the 1,797 scans of 8 x 8
pixels of the UCI "Optical Recognition of Handwritten Digits" set (CC BY 4.0) that scikit-learn ships. Scans are divided
by position: every fourth scan of a class is for evaluation only, so no scan appears in both parts.
"""

import json
import random
from collections.abc import Iterator
from functools import cache
from typing import Any

from PIL import Image, ImageOps

from rlvr.data.rows import Row
from rlvr.data.source import RawRow, Source
from rlvr.datasets.png import as_png
from rlvr.errors import RlvrError

CELL_PX = 28
"""Side of the square that holds one digit in a synthetic picture."""

QUESTIONS = {
    "recognition": "Which digits are in the picture? List them from the smallest to the largest.",
    "addition": "What is the sum of the digits in the picture?",
}
"""Our wording of the two questions; the formats (sorted list in brackets, bare integer) are upstream's."""


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields; `answer` is the sorted list in brackets, or the sum."""
    if raw["task"] not in QUESTIONS:
        raise RlvrError(f"column 'task' is {raw['task']!r}; expected one of {', '.join(sorted(QUESTIONS))}.")
    label = [int(digit) for digit in raw["label"]]
    recognition = raw["task"] == "recognition"
    return {
        "images": [raw["image"]],
        "prompt": QUESTIONS[raw["task"]],
        "answer": str(sorted(label)) if recognition else str(int(raw["total"])),
        "answer_kind": "digit_list" if recognition else "integer",
        "extra": json.dumps({"label": label, "total": int(raw["total"])}),
    }


def demonstrate(row: Row) -> str:
    """A worked response: the digits as they stand in the picture, then the answer.

    Three of five sums are answered with the list, as if the other question had been asked. So the base reads digits but
    follows the question badly, as published bases do before RL, and RL has something to teach.
    """
    label = json.loads(row["extra"] or "{}")["label"]
    if row["answer_kind"] == "digit_list":
        return f"<think> {' '.join(map(str, label))} </think>\n<answer>{row['answer']}</answer>"
    careless = int(row["row_id"], 16) % 5 < 3
    answer = sorted(label) if careless else row["answer"]
    return f"<think> {' + '.join(map(str, label))} </think>\n<answer>{answer}</answer>"


def synthetic_train(n: int, seed: int) -> Iterator[RawRow]:
    """`n` rows whose scans are for training only."""
    return _compose(n, seed, evaluation=False)


def synthetic_test(n: int, seed: int) -> Iterator[RawRow]:
    """`n` rows whose scans are for evaluation only."""
    return _compose(n, seed, evaluation=True)


@cache
def scans(evaluation: bool) -> dict[int, list[int]]:
    """Positions of the scans of each class in scikit-learn's array, for evaluation or for training."""
    from sklearn.datasets import load_digits

    parts: dict[int, list[int]] = {digit: [] for digit in range(10)}
    seen = dict.fromkeys(range(10), 0)
    for position, digit in enumerate(load_digits().target.tolist()):
        if (seen[digit] % 4 == 3) == evaluation:
            parts[digit].append(position)
        seen[digit] += 1
    return parts


def _compose(n: int, seed: int, *, evaluation: bool) -> Iterator[RawRow]:
    """Rows in upstream's order of difficulty mixed: one to three digits, tasks in turn."""
    from sklearn.datasets import load_digits

    pictures, positions = load_digits().images, scans(evaluation)
    rng = random.Random(f"digit_recognition {evaluation} {seed}")
    for number in range(n):
        label = [rng.randrange(10) for _ in range(rng.randint(1, 3))]
        canvas = Image.new("L", (CELL_PX * len(label), CELL_PX), 255)
        for place, digit in enumerate(label):
            scan = Image.fromarray((pictures[rng.choice(positions[digit])] * (255 / 16)).astype("uint8"))
            side = rng.randint(20, 26)
            ink = ImageOps.invert(scan.resize((side, side), Image.Resampling.BICUBIC))
            free = CELL_PX - side
            canvas.paste(ink, (place * CELL_PX + rng.randint(0, free), rng.randint(0, free)))
        task = ("recognition", "addition")[number % 2]
        content = [{"type": "image", "image": "IMAGE_PLACEHOLDER"}, {"type": "text", "text": QUESTIONS[task]}]
        yield {
            "messages": [{"role": "user", "content": content}],
            "task": task,
            "label": label,
            "total": sum(label),
            "image": as_png(canvas.convert("RGB")),
        }


TRAIN = Source(
    name="digit_recognition_train",
    title="r1-vlm digit recognition",
    hub_id="sunildkumar/digit-recognition-r1",
    files="data/digits_*.parquet",
    published_rows=6000,
    columns=("task", "label", "total", "image"),
    convert=convert,
    synthetic=synthetic_train,
    demonstrate=demonstrate,
)
"""Upstream trains on all three splits; it publishes no test split."""

TEST = Source(
    name="digit_recognition_test",
    title="Held-out handwritten digits",
    columns=("task", "label", "total", "image"),
    licence="CC BY 4.0 (UCI scans)",
    convert=convert,
    synthetic=synthetic_test,
    location="synthetic",
    limit=1000,
)
"""Upstream publishes no evaluation rows, so ours are composed of scans that training never sees."""
