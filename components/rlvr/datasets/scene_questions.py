"""Questions about CLEVR scenes that need more than one look: count the items of a colour, or compare two colours.

    count   "How many red items are there?"                    1 to 4
    more    "Are there more red items than blue items?"        yes or no, never as many of both

For synthetic rows of the CLEVR-CoGenT sets with complex questions. Give every data set a seed of its own.
"""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from rlvr.datasets import scenes

COLOURS = ("red", "blue", "yellow")
"""Colours of `scenes.COLOURS` that occur."""

MOST = 4
"""Items of one colour at most."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """A scene with a question."""

    picture: bytes
    """PNG."""
    question: str
    """The question."""
    answer: str
    """A number, `yes` or `no`."""
    counts: dict[str, int]
    """Items of each colour."""


def items(n: int, seed: str) -> Iterator[Item]:
    """`n` scenes drawn from `seed`, both kinds of questions in turn."""
    rng = random.Random(seed)
    for number in range(n):
        one, other, third = rng.sample(COLOURS, 3)
        counts = {one: rng.randint(1, MOST), other: rng.randint(1, MOST), third: rng.randint(0, 1)}
        while number % 2 and counts[one] == counts[other]:
            counts[other] = rng.randint(1, MOST)
        colours = [colour for colour, count in counts.items() for _ in range(count)]
        rng.shuffle(colours)
        placed = scenes.arrange(len(colours), rng)
        coloured = [replace(item, colour=scenes.COLOURS[colour]) for item, colour in zip(placed, colours, strict=True)]
        yield Item(
            picture=scenes.paint(coloured, rng),
            question=f"Are there more {one} items than {other} items?"
            if number % 2
            else f"How many {one} items are there?",
            answer=("yes" if counts[one] > counts[other] else "no") if number % 2 else str(counts[one]),
            counts=counts,
        )


def reasoning(question: str, answer: str, careless: bool = False) -> tuple[str, str]:
    """A short way of thinking and the answer it ends with; the careless one miscounts by one or compares wrongly."""
    if answer.isdecimal():
        count = (int(answer) - 1 or 2) if careless else int(answer)
        return " ".join(str(number) for number in range(1, count + 1)), str(count)
    one, other = re.findall("|".join(COLOURS), question)
    more, less = (one, other) if answer == "yes" else (other, one)
    return f"{more} more than {less}", {"yes": "no", "no": "yes"}[answer] if careless else answer
