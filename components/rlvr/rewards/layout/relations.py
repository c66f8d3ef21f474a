"""Where the centre of an object A may be that stands in a relation to B: `(x_min, x_max, y_min, y_max, z_min, z_max)`.

Upstream's reading, defects included:
- "on" a thing or wall pins z, and the coordinate across the wall, to one number, to be met exactly;
- beside, before and behind: when not adjacent, A may be 0.5 m past B's sides, whatever its own size (a slip of
  operator precedence);
- "above" keeps its highest z unbounded by A's height; beside and before leave z unbounded on both sides;
- "in the corner" gives two points in front of B as if they were a range, so that all between them counts;
- beside, before, behind, above and the corner know B's angle only at 0, 90, 180 and 270 degrees (`LookupError`).
Upstream: PzySeere/MetaSpatial@a3c89c2 verl/utils/reward_score/metaverse_constraint_functions.py (from atcelen/IDesign).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rlvr.rewards.layout.scene import AXES, Metres, Thing, extent

Box = tuple[float, float, float, float, float, float]
Interval = tuple[float, float]

FRONT = {0.0: (1, +1), 90.0: (0, +1), 180.0: (1, -1), 270.0: (0, -1)}
"""Axis and direction in which a thing of that angle faces."""

TURN = {"in front": 0.0, "right of": 90.0, "behind": 180.0, "left of": 270.0}
"""Angle from a thing's front to that side of it."""

SIDES = {angle: {side: FRONT[(angle + turn) % 360.0] for side, turn in TURN.items()} for angle in FRONT}
"""Axis and direction of each side of a thing of that angle; other angles have none."""

INWARD = {"south_wall": (1, +1), "north_wall": (1, -1), "west_wall": (0, +1), "east_wall": (0, -1)}
"""Axis and direction from a wall into the room."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A and B as the relations see them; sizes and positions along x, y and z."""

    name: str
    """B's id."""
    angle: float
    """B's angle."""
    size: Metres
    """A's."""
    other: Metres
    """B's."""
    centre: Metres
    """Position of B."""
    adjacent: Any
    """Whether A touches B (upstream calculates with it)."""
    on_floor: bool
    """Whether A stands on the floor."""
    room: Metres
    """Size of the room."""
    precise: bool = False
    """Whether a thing that is not adjacent overlaps B's side by its own size, not by upstream's 0.5 m."""

    def inside(self, axis: int) -> Interval:
        """A's centre while A stays within B's extent."""
        middle, half, own = self.centre[axis], self.other[axis] / 2, self.size[axis] / 2
        return (middle - half + own, middle + half - own)

    def touching(self, axis: int) -> Interval:
        """A's centre while A touches or overlaps B's extent."""
        middle, half, own = self.centre[axis], self.other[axis] / 2, self.size[axis] / 2
        return (middle - half - own, middle + half + own)

    def at(self, axis: int, sign: int) -> Interval:
        """A's centre when A touches B from the side that `sign` points to."""
        point = self.centre[axis] + sign * self.other[axis] / 2 + sign * self.size[axis] / 2
        return (point, point)

    def beyond(self, axis: int, sign: int) -> Interval:
        """A's centre between B's side and the wall on that side."""
        own = self.size[axis] / 2
        return (self.at(axis, sign)[0], self.room[axis] - own if sign > 0 else own)

    def along(self, axis: int) -> Interval:
        """A's centre along the side of B that it stands at."""
        own = self.size[axis]
        if self.precise:
            return self.inside(axis) if self.adjacent else self.touching(axis)
        slack = (self.adjacent * own - (not self.adjacent * own)) / 2
        middle, half = self.centre[axis], self.other[axis] / 2
        return (middle - half + slack, middle + half - slack)

    def height(self, otherwise: Interval) -> Interval:
        """Z of A's centre: half its height on the floor, else `otherwise`."""
        half = self.size[2] / 2
        return (half, half) if self.on_floor else otherwise

    def foot(self) -> float:
        """Z of A's centre when A's foot is level with B's."""
        return self.centre[2] - self.other[2] / 2 + self.size[2] / 2

    def clamped(self, axis: int, interval: Interval) -> Interval:
        """The interval, in order, as far as A's side fits into the room; its ends may cross when it does not."""
        low, high = sorted(interval)
        half = self.size[axis] / 2
        return (max(low, half), max(half, min(high, self.room[axis] - half)))


def allowed(preposition: str, a: Thing, b: Thing, adjacent: Any, on_floor: bool, room: Metres) -> Box:
    """The box of a relation; `LookupError` for an unknown preposition, or an angle that the relation does not know."""
    return RELATIONS[preposition](pair_of(a, b, adjacent, on_floor, room))


def pair_of(a: Thing, b: Thing, adjacent: Any, on_floor: bool, room: Metres) -> Pair:
    """The two things of a relation, as their sizes lie in the room."""
    angle = b["rotation"]["z_angle"]
    x, y, z = (b["position"][axis] for axis in AXES)
    return Pair(
        name=b["new_object_id"],
        angle=angle,
        size=extent(a, quarter_turned=a["rotation"]["z_angle"] in (90.0, 270.0)),
        other=extent(b, quarter_turned=angle in (90.0, 270.0)),
        centre=(x, y, z),
        adjacent=adjacent,
        on_floor=on_floor,
        room=room,
    )


def on(pair: Pair) -> Box:
    """On top of a thing, hanging from the ceiling, or against a wall."""
    spans = [pair.inside(0), pair.inside(1)]
    if pair.name == "ceiling":
        z = pair.at(2, -1)
    elif pair.name in INWARD:
        axis, sign = INWARD[pair.name]
        spans[axis] = pair.at(axis, sign)
        z = pair.height(pair.inside(2))
    else:
        z = pair.height(pair.at(2, +1))
    return (*pair.clamped(0, spans[0]), *pair.clamped(1, spans[1]), *pair.clamped(2, z))


def under(pair: Pair) -> Box:
    """Below a thing, as far to the sides as A still overlaps it."""
    z = pair.height((pair.size[2] / 2, pair.at(2, -1)[0]))
    return (*pair.clamped(0, pair.touching(0)), *pair.clamped(1, pair.touching(1)), *pair.clamped(2, z))


def beside(preposition: str) -> Callable[[Pair], Box]:
    """On one of B's four sides."""

    def box(pair: Pair) -> Box:
        axis, sign = SIDES[pair.angle][preposition]
        spans = [pair.along(0), pair.along(1)]
        spans[axis] = pair.at(axis, sign) if pair.adjacent else pair.beyond(axis, sign)
        z = pair.height((pair.foot(), pair.room[2] - pair.size[2] / 2))
        return (*pair.clamped(0, spans[0]), *pair.clamped(1, spans[1]), *z)

    return box


def above(pair: Pair) -> Box:
    """Higher than a thing, as far to the sides as A still overlaps it."""
    if pair.angle not in FRONT:
        raise LookupError(f"nothing is above a thing at {pair.angle} degrees")
    low, high = pair.height((pair.at(2, +1)[0], pair.room[2]))
    half = pair.size[2] / 2
    low = max(half, min(low, pair.room[2] - half))
    return (*pair.clamped(0, pair.touching(0)), *pair.clamped(1, pair.touching(1)), low, high)


def corner(pair: Pair) -> Box:
    """The two places in front of B at its ends."""
    axis, sign = FRONT[pair.angle]
    spans = [pair.inside(0), pair.inside(1)]
    spans[axis] = pair.at(axis, sign)
    z, _ = pair.height((pair.foot(), pair.foot()))
    return (*spans[0], *spans[1], z, z)


RELATIONS: Mapping[str, Callable[[Pair], Box]] = {
    "on": on,
    "in the middle of": on,
    "under": under,
    "above": above,
    "in the corner": corner,
    **{preposition: beside(preposition) for preposition in TURN},
}
"""Preposition -> relation."""
