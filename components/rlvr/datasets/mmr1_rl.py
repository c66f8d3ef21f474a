"""MMR1's reinforcement learning sets: mathematics (v0) and mathematics with logic puzzles (v1), in EasyR1's columns.

Hub: MMR1/MMR1-Math-RL-Data-v0 (train, validation) and MMR1/MMR1-RL (train), parquet. A raw row:

    {"images": [<PNG>], "problem": "<image>How many ...?", "answer": "12"}

The answer is a bare text: a number, a formula, a word or an option's letter. Synthetic rows have the same columns and
show the bar charts of `rlvr.datasets.charts`; each set draws its own. One in seven asks for an option, never with the
answer A, which the published reward pays for any reply.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

from rlvr.data.gold import wrong_answer
from rlvr.data.rows import Row
from rlvr.data.source import RawRow, Source
from rlvr.datasets import charts
from rlvr.datasets.choices import listed


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields."""
    return {
        "images": list(raw["images"]),
        "prompt": raw["problem"].replace("<image>", "").strip(),
        "answer": str(raw["answer"]),
        "answer_kind": "value",
    }


def demonstrate(row: Row) -> str:
    """A worked response to a chart, with the answer in a box."""
    thought, answer = charts.looked_up(row["images"][0], row["prompt"], int(row["row_id"], 16))
    return f"<think> {thought} </think>\n<answer> \\boxed{{{answer}}} </answer>"


def gold(row: Row) -> tuple[str, str]:
    """A right and a wrong completion; a wrong number shares no digit with the right one.

    The reward finds short answers inside each other, so that 100,002 would pass for 1.
    """
    truth = row["answer"]
    other = next((digit for digit in "7352946810" if digit not in truth), "0")
    wrong = other * 5 if any(digit.isdigit() for digit in truth) else wrong_answer(truth)
    form = "<think> gold </think>\n<answer> \\boxed{{{}}} </answer>"
    return form.format(truth), form.format(wrong)


def synthetic_v0(n: int, seed: int) -> Iterator[RawRow]:
    """`n` bar charts of the first set."""
    return _rows(n, f"mmr1_v0 {seed}")


def synthetic_v1(n: int, seed: int) -> Iterator[RawRow]:
    """`n` bar charts of the second set."""
    return _rows(n, f"mmr1_v1 {seed}")


def _rows(n: int, seed: str) -> Iterator[RawRow]:
    for item in islice(drawn(n, seed), n):
        answer = item.letter if item.choices else item.answer
        yield {"images": [item.picture], "problem": f"<image>{listed(item.question, item.choices)}", "answer": answer}


def drawn(n: int, seed: str) -> Iterator[charts.Item]:
    """At least `n` charts without the answer A."""
    items = charts.items(2 * n + 20, seed, tallest=0.2)
    return (item for item in items if not item.choices or item.letter != "A")


V1 = Source(
    name="mmr1_rl",
    title="MMR1-RL",
    hub_id="MMR1/MMR1-RL",
    files="data/train-*.parquet",
    licence="not established",
    columns=("images", "problem", "answer"),
    convert=convert,
    synthetic=synthetic_v1,
    demonstrate=demonstrate,
    gold=gold,
)
"""About 15,000 rows (arXiv 2509.21268: 8,000 of hard mathematics, 7,000 of Raven, MM-IQ and EasyArc)."""

V0 = replace(
    V1,
    name="mmr1_math_v0",
    title="MMR1-Math-RL-Data-v0",
    hub_id="MMR1/MMR1-Math-RL-Data-v0",
    synthetic=synthetic_v0,
)
"""About 6,000 rows by its authors; 5,782 training rows as another project loaded them; 6,000 or 7,000 in the survey."""
