"""Which objects of a scene run into each other or into the room: axis-aligned boxes, in metres.

`ratio` is upstream's: colliding pairs among ALL pairs, the six priors included. It dilutes collisions in small rooms,
passes over thin objects, and sees an object that crosses a wall but none that is wholly outside. `strict_ratio` is the
share of objects that overlap another one or stick out of the room.
Upstream: PzySeere/MetaSpatial@a3c89c2 verl/utils/reward_score/metaverse_utils.py.
"""

import math
from itertools import combinations

from rlvr.rewards.layout.scene import PRIORS, Metres, Scene, Thing, extent

TOLERANCE_METRES = 1e-3
"""Penetration up to this depth counts as touching."""

THIN_RATIO = 40.0
"""An object is thin when its largest side is at least this many times its smallest (rugs, curtains, posters)."""

Interval = tuple[float, float]


def ratio(scene: Scene) -> float:
    """Colliding pairs of things that have a position, among all pairs of the scene; 0 for fewer than two things."""
    pairs = len(scene) * (len(scene) - 1) / 2
    there = [thing for thing in scene if "position" in thing]
    return sum(collide(one, other) for one, other in combinations(there, 2)) / pairs if pairs else 0.0


def strict_ratio(scene: Scene, room: Metres) -> float:
    """Share of the objects that `strict_wrong` names."""
    wrong = strict_wrong(scene, room)
    return sum(wrong) / len(wrong) if wrong else 0.0


def strict_wrong(scene: Scene, room: Metres) -> list[bool]:
    """Which objects overlap another object or stick out of the room; every object has a position."""
    objects = scene[:-PRIORS]
    wrong = [_sticks_out(thing, room) for thing in objects]
    for (place, one), (other_place, other) in combinations(enumerate(objects), 2):
        if collide(one, other):
            wrong[place] = wrong[other_place] = True
    return wrong


def collide(one: Thing, other: Thing) -> bool:
    """Whether two boxes overlap along all three axes; thin ones never do."""
    if is_thin(one) or is_thin(other):
        return False
    return all(_overlap(first, second) for first, second in zip(bounds(one), bounds(other), strict=True))


def is_thin(thing: Thing) -> bool:
    """Whether its largest side is at least 40 times its smallest, which is not 0."""
    sides = thing["size_in_meters"].values()
    return bool(min(sides) > 0 and max(sides) / min(sides) >= THIN_RATIO)


def bounds(thing: Thing) -> tuple[Interval, Interval, Interval]:
    """Lowest and highest coordinate along x, y and z; only 90 and 270 degrees swap length and width."""
    angle, centre = thing["rotation"]["z_angle"], thing["position"]
    quarter = any(math.isclose(angle, right, rel_tol=0, abs_tol=1e-8 + 1e-5 * right) for right in (90.0, 270.0))
    x, y, z = extent(thing, quarter_turned=quarter)
    return (
        (centre["x"] - x / 2, centre["x"] + x / 2),
        (centre["y"] - y / 2, centre["y"] + y / 2),
        (centre["z"] - z / 2, centre["z"] + z / 2),
    )


def _overlap(one: Interval, other: Interval) -> bool:
    """Whether two intervals share more than the tolerance at either end."""
    (low, high), (other_low, other_high) = one, other
    return (
        low < other_high
        and high > other_low
        and abs(low - other_high) > TOLERANCE_METRES
        and abs(high - other_low) > TOLERANCE_METRES
    )


def _sticks_out(thing: Thing, room: Metres) -> bool:
    return any(
        low < -TOLERANCE_METRES or high > length + TOLERANCE_METRES
        for (low, high), length in zip(bounds(thing), room, strict=True)
    )
