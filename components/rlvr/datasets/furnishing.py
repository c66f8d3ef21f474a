"""Small rooms with one or two objects that stand in simple relations, and how to furnish them.

A room is 4 to 6 m long and wide and 3 m high. Its first object stands against a wall and faces the room; a second one
stands against the opposite wall or on top of the first. Footprints are squares of 1 or 2 m, heights 1 or 2 m.
"""

import random

from rlvr.rewards.layout.constraints import relations
from rlvr.rewards.layout.relations import INWARD, allowed
from rlvr.rewards.layout.scene import AXES, PRIORS, Metres, Scene, Thing, find, priors

WALL_DEGREES = {"south_wall": 0.0, "north_wall": 180.0, "west_wall": 90.0, "east_wall": 270.0}
"""The angle at which an object has its back to that wall."""

OPPOSITE = {"south_wall": "north_wall", "north_wall": "south_wall", "west_wall": "east_wall", "east_wall": "west_wall"}

FIRST, SECOND = ("bed", "sofa", "desk"), ("shelf", "table", "piano")
"""What stands against walls, as the first and as the second object of a room."""

SMALL = ("lamp", "vase", "clock")
"""What stands on furniture."""

MOODS = ("calm", "bright", "cosy", "plain", "warm", "modern")
KINDS = ("bedroom", "study", "lounge", "office", "studio", "library")

TWO_OBJECTS = 0.25
"""Share of the rooms with a second object."""


def furnish(rng: random.Random, *, held_out: bool) -> tuple[Metres, Scene, str]:
    """Size of a room, its scene graph without positions, and a user's wish; held-out rooms have wishes of their own."""
    room = (float(rng.randint(4, 6)), float(rng.randint(4, 6)), 3.0)
    wall = rng.choice(list(INWARD))
    objects = [_against(wall, f"{rng.choice(FIRST)}_1", rng)]
    if rng.random() < TWO_OBJECTS:
        first = objects[0]
        if rng.random() < 0.5 and first["size_in_meters"]["height"] < 2:
            objects.append(_on_top(first, f"{rng.choice(SMALL)}_1"))
        else:
            objects.append(_against(OPPOSITE[wall], f"{rng.choice(SECOND)}_1", rng))
    pairs = [(mood, kind) for place, mood in enumerate(MOODS) for kind in KINDS[held_out ^ (place % 2) :: 2]]
    mood, kind = rng.choice(pairs)
    return room, [*objects, *priors(room)], f"a {mood} {kind}"


def arranged(scene: Scene, room: Metres) -> Scene:
    """The scene with every object in the middle of where its first relation allows it, in the scene's order."""
    done = [dict(thing) for thing in scene]
    for thing in done[:-PRIORS]:
        preposition, other, adjacent = relations(thing)[-1]
        box = allowed(preposition, thing, find(done, other), adjacent, thing["is_on_the_floor"], room)
        thing["position"] = {axis: (low + high) / 2 for axis, low, high in zip(AXES, box[::2], box[1::2], strict=True)}
    return done


def _against(wall: str, name: str, rng: random.Random) -> Thing:
    side = rng.randint(1, 2)
    return {
        "new_object_id": name,
        "is_on_the_floor": True,
        "facing": OPPOSITE[wall],
        "size_in_meters": {"length": side, "width": side, "height": rng.randint(1, 2)},
        "placement": {
            "room_layout_elements": [{"layout_element_id": wall, "preposition": "on"}],
            "objects_in_room": [],
        },
        "rotation": {"z_angle": WALL_DEGREES[wall]},
    }


def _on_top(other: Thing, name: str) -> Thing:
    return {
        "new_object_id": name,
        "is_on_the_floor": False,
        "facing": other["facing"],
        "size_in_meters": {"length": 1, "width": 1, "height": 1},
        "placement": {
            "room_layout_elements": [],
            "objects_in_room": [{"object_id": other["new_object_id"], "preposition": "on", "is_adjacent": True}],
        },
        "rotation": dict(other["rotation"]),
    }
