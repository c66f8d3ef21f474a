"""Two coloured objects on a plane, with a question about where one is as seen from the other, or which is closer.

    beside   "Where is the red item, seen from the blue one?"       left or right
    over     "Where is the red item, seen from the blue one?"       above or below
    depth    "Which item is closer, the red or the blue one?"       red or blue (closer ones are larger and lower)

For synthetic rows of spatial data sets. Give every data set a seed of its own.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

from rlvr.datasets import scenes

COLOURS = ("red", "blue", "yellow", "cyan")
"""Colours of `scenes.COLOURS` that are easy to tell apart."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """A picture of two objects with a question."""

    picture: bytes
    """PNG."""
    kind: str
    """`beside`, `over` or `depth`."""
    question: str
    """A question for one of two options; without the options."""
    options: tuple[str, str]
    """Both options, the first drawn at random."""
    answer: str
    """The right one."""


def pairs(n: int, seed: str) -> Iterator[Pair]:
    """`n` pairs drawn from `seed`, of all three kinds in turn."""
    rng = random.Random(seed)
    for number in range(n):
        kind = ("beside", "over", "depth")[number % 3]
        one, other = rng.sample(COLOURS, 2)
        first = rng.random() < 0.5
        x, y = rng.uniform(52, 76), rng.uniform(44, 54)
        along_x, along_y = (0.0, rng.uniform(22, 28)) if kind == "over" else (rng.uniform(26, 40), 0.0)
        # Left and above are first; which side the closer one stands on means nothing.
        side = rng.choice((-1, 1)) if kind == "depth" else -1 if first else 1
        radius = rng.uniform(13, 16)
        items = [
            _item(one, (x + side * along_x, y + side * along_y), radius, rng),
            _item(other, (x - side * along_x, y - side * along_y), radius, rng),
        ]
        if kind == "depth":
            items = [_moved(items[0], closer=first), _moved(items[1], closer=not first)]
            options, question = (one, other), f"Which item is closer, the {one} or the {other} one?"
        else:
            options = ("left", "right") if kind == "beside" else ("above", "below")
            question = f"Where is the {one} item, seen from the {other} one?"
        answer = options[0 if first else 1]
        shown = options if rng.random() < 0.5 else options[::-1]
        picture = scenes.paint(sorted(items, key=lambda item: item.centre_px[1]), rng)
        yield Pair(picture=picture, kind=kind, question=question, options=shown, answer=answer)


def _item(colour: str, centre: tuple[float, float], radius: float, rng: random.Random) -> scenes.Item:
    shape = rng.choice(scenes.SHAPES)
    return scenes.Item(
        shape=shape, colour=scenes.COLOURS[colour], metal=rng.random() < 0.5, centre_px=centre, radius_px=radius
    )


def _moved(item: scenes.Item, *, closer: bool) -> scenes.Item:
    """The object nearer to the camera (larger and lower), or further away."""
    x, y = item.centre_px
    return replace(
        item,
        centre_px=(x, y + 16 if closer else y - 20),
        radius_px=item.radius_px * (1.25 if closer else 0.55),
    )
