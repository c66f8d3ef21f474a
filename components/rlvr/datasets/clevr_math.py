"""CLEVR-Math and Super-CLEVR, Reason-RFT's visual counting: how many items are left after some are taken away?

Files of `reason_rft_cot`: A3-Visual-Counting-train-35k-cot.json, Visual-Counting-id-test-1k.json (CLEVR-Math) and
Visual-Counting-ood-test-1k.json (Super-CLEVR). A raw row:

    {"id": "clevr_7", "image": "7.png", "problem": "Take away 2 items. How many are left?", "answer": "3", "cot": "..."}

Synthetic scenes are those of `scenes`: 3 to 7 items, of which 1 or 2 are to be taken away; 6 to 8 for Super-CLEVR.
"""

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from rlvr.data.pictures_apart import rows_of
from rlvr.data.rows import Row
from rlvr.data.source import RawRow, Source
from rlvr.datasets import reason_rft_cot, scenes


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields."""
    return reason_rft_cot.fields(raw, "integer")


def demonstrate(row: Row) -> str:
    """A worked response: count up, then take away.

    Three of five demonstrations forget to take away, so that the base often answers the plain count.
    """
    left, taken = int(row["answer"]), int(row["prompt"].split()[1])
    careless = int(row["row_id"], 16) % 5 < 3
    return reason_rft_cot.response(*_worked(left + taken, 0 if careless else taken))


def synthetic(n: int, seed: int) -> Iterator[RawRow]:
    """`n` training rows."""
    return _scenes(n, f"clevr_math {seed}", 3, 7)


def synthetic_test(n: int, seed: int) -> Iterator[RawRow]:
    """`n` rows like the training rows, from other seeds."""
    return _scenes(n, f"clevr_math_test {seed}", 3, 7)


def synthetic_super(n: int, seed: int) -> Iterator[RawRow]:
    """`n` rows with fuller scenes than training has."""
    return _scenes(n, f"super_clevr {seed}", 6, 8)


def read_train(folder: Path) -> Iterator[RawRow]:
    """All 35,000 training rows."""
    return reason_rft_cot.training_rows(folder, TRAIN_FILE)


def read_rest(folder: Path) -> Iterator[RawRow]:
    """Training rows without those of the cold start."""
    return reason_rft_cot.training_rows(folder, TRAIN_FILE, skip=reason_rft_cot.COLD_START_ROWS)


def read_test(folder: Path) -> Iterator[RawRow]:
    """CLEVR-Math's 1,000 test rows."""
    return rows_of(folder, ["*Visual-Counting-id*.json"])


def read_super(folder: Path) -> Iterator[RawRow]:
    """Super-CLEVR's 1,000 test rows."""
    return rows_of(folder, ["*Visual-Counting-ood*.json"])


def _scenes(n: int, seed: str, fewest: int, most: int) -> Iterator[RawRow]:
    rng = random.Random(seed)
    for number in range(n):
        count, taken = rng.randint(fewest, most), rng.randint(1, 2)
        cot, answer = _worked(count, taken)
        yield {
            "id": f"clevr_{number}",
            "image": scenes.draw(count, rng),
            "problem": f"Take {taken} items away. How many are left?",
            "answer": answer,
            "cot": cot,
        }


def _worked(count: int, taken: int) -> tuple[str, str]:
    """Chain of thought and answer."""
    counted = " ".join(str(number) for number in range(1, count + 1))
    return f"{counted}. {count} - {taken} = {count - taken}", str(count - taken)


TRAIN_FILE = "A3-Visual-Counting-train-35k-cot.json"

ALL = Source(
    name="clevr_math_all",
    title="CLEVR-Math, all training rows (Reason-RFT)",
    hub_id=reason_rft_cot.HUB_ID,
    files=reason_rft_cot.FILES,
    licence=reason_rft_cot.LICENCE,
    published_rows=35_000,
    columns=reason_rft_cot.COLUMNS,
    convert=convert,
    read=read_train,
    synthetic=synthetic,
    demonstrate=demonstrate,
)
"""What RL without a cold start trains on."""

TRAIN = replace(ALL, name="clevr_math_train", title="CLEVR-Math (Reason-RFT)", read=read_rest)
"""What stage 2 trains on."""

COLD_START = replace(
    ALL,
    name="clevr_math_cot",
    title="CLEVR-Math with chains of thought (Reason-RFT)",
    columns=reason_rft_cot.COT_COLUMNS,
    limit=reason_rft_cot.COLD_START_ROWS,
)
"""What stage 1 learns from."""

TEST = Source(
    name="clevr_math_test",
    title="CLEVR-Math test (Reason-RFT)",
    hub_id=reason_rft_cot.HUB_ID,
    files=reason_rft_cot.FILES,
    licence=reason_rft_cot.LICENCE,
    published_rows=1000,
    columns=reason_rft_cot.COLUMNS,
    convert=convert,
    read=read_test,
    synthetic=synthetic_test,
)

SUPER_CLEVR = replace(
    TEST,
    name="super_clevr",
    title="Super-CLEVR (Reason-RFT)",
    read=read_super,
    synthetic=synthetic_super,
)
"""Out of the training distribution."""
