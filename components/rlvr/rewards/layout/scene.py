"""Objects of a scene graph, where they may be placed, and how an answer's positions are put into it.

An object: `{"new_object_id": "bed_1", "is_on_the_floor": true, "facing": "north_wall", "size_in_meters": {"length": 2,
"width": 1.6, "height": 0.6}, "placement": {"room_layout_elements": [...], "objects_in_room": [...]},
"rotation": {"z_angle": 0.0}, "position": {"x": 2.0, "y": 0.8, "z": 0.3}}`.

Upstream: PzySeere/MetaSpatial@a3c89c2 verl/utils/reward_score/metaverse.py, metaverse_utils.py; the scene graphs are
those of atcelen/IDesign@6a56a5b.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

Thing = dict[str, Any]
"""An object or a prior of a scene graph."""

Scene = list[Thing]
"""N objects and then the six priors."""

Metres = tuple[float, float, float]
"""Along x, y and z."""

PRIORS = 6
"""How many reference elements end a scene graph."""

FACING_DEGREES = {
    "west_wall": 270.0,
    "east_wall": 90.0,
    "north_wall": 0.0,
    "south_wall": 180.0,
    "middle of the room": 0.0,
    "ceiling": 0.0,
}
"""The angle of an object that has none of its own but faces that element."""

RAISED = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What upstream's code raises over damaged scene graphs and answers; such cases count as not applicable."""

AXES = ("x", "y", "z")


def room_of(size: Mapping[str, float]) -> Metres:
    """A row's `size_of_room` as a tuple."""
    return (size["x"], size["y"], size["z"])


def priors(room: Metres) -> Scene:
    """The four walls, the floor ("middle of the room") and the ceiling of a room, in upstream's order."""
    x, y, z = room
    elements: list[tuple[str, str, Metres, Metres, float]] = [
        ("south_wall", "wall", (x, 0.0, z), (x / 2, 0, z / 2), 0.0),
        ("north_wall", "wall", (x, 0.0, z), (x / 2, y, z / 2), 180.0),
        ("east_wall", "wall", (y, 0.0, z), (x, y / 2, z / 2), 270.0),
        ("west_wall", "wall", (y, 0.0, z), (0, y / 2, z / 2), 90.0),
        ("middle of the room", "floor", (x, y, 0.0), (x / 2, y / 2, 0), 0.0),
        ("ceiling", "ceiling", (x, y, 0.0), (x / 2, y / 2, z), 0.0),
    ]
    return [
        {
            "new_object_id": name,
            "itemType": kind,
            "position": dict(zip(AXES, centre, strict=True)),
            "size_in_meters": dict(zip(("length", "width", "height"), size, strict=True)),
            "rotation": {"z_angle": angle},
        }
        for name, kind, size, centre, angle in elements
    ]


def rotation(thing: Thing, scene: Sequence[Thing]) -> float:
    """Its own angle in degrees, else that of what it faces, else that of the first object it stands in relation to."""
    if "rotation" in thing:
        angle: float = thing["rotation"]["z_angle"]
        return angle
    for name in (thing.get("facing"), thing["new_object_id"]):
        if name in FACING_DEGREES:
            return FACING_DEGREES[name]
    parents = [find(scene, relation["object_id"]) for relation in thing["placement"]["objects_in_room"]]
    return rotation(parents[0], scene) if parents else 0.0


def find(scene: Sequence[Thing], name: str) -> Thing:
    """The first thing of that name; `LookupError` when there is none."""
    found = next((thing for thing in scene if thing.get("new_object_id") == name), None)
    if found is None:
        raise LookupError(f"the scene graph has no {name!r}")
    return found


def extent(thing: Thing, *, quarter_turned: bool) -> Metres:
    """Size along x, y and z; a quarter turn swaps length and width."""
    size = thing["size_in_meters"]
    length, width = size["length"], size["width"]
    return (width, length, size["height"]) if quarter_turned else (length, width, size["height"])


def placed(scene: Scene, answer: Any) -> Scene:
    """A copy of the scene with the answer's positions; one of `RAISED` when upstream could not apply them.

    An object that the answer does not name keeps the position it has, if any, and a name may come twice.
    """
    objects = [dict(thing) for thing in scene[:-PRIORS]]
    known = {thing["new_object_id"]: thing for thing in objects}
    for entry in answer:
        known[entry["new_object_id"]]["position"] = {axis: entry[axis] for axis in AXES}
    return [*objects, *scene[-PRIORS:]]


def soundly_placed(scene: Scene, answer: Any) -> Scene | None:
    """The same, but None unless the answer gives every object once, with finite numbers."""
    objects = scene[:-PRIORS]
    if not isinstance(answer, list) or not all(isinstance(entry, dict) for entry in answer):
        return None
    names = [entry.get("new_object_id") for entry in answer]
    numbers = [entry.get(axis) for entry in answer for axis in AXES]
    if not all(isinstance(name, str) for name in names) or not all(map(_is_length, numbers)):
        return None
    if sorted(names) != sorted(thing["new_object_id"] for thing in objects):
        return None
    return placed(scene, answer)


def _is_length(value: Any) -> bool:
    """Whether it is a number of metres that can be reckoned with."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and abs(value) < 1e6
