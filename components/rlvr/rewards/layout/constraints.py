"""Which objects of a scene break the relations that the scene graph asks of them.

`ratio` is upstream's: an object is right when its centre lies in ANY of its relations' boxes, ends included and to the
last bit; one without relations is always wrong. `strict_ratio` asks for ALL relations, to within a centimetre, with the
boxes mended.
Upstream: PzySeere/MetaSpatial@a3c89c2 verl/utils/reward_score/metaverse_utils.py.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from rlvr.rewards.layout.relations import FRONT, RELATIONS, Box, Pair, allowed, pair_of
from rlvr.rewards.layout.scene import AXES, PRIORS, Metres, Scene, Thing, find, rotation

TOLERANCE_METRES = 0.01
"""How far from its place an object may be under the strict rule."""


def ratio(scene: Scene, room: Metres) -> float:
    """Share of the objects whose centre lies in none of their boxes; one of `scene.RAISED` where upstream raises."""
    turned = [dict(thing) for thing in scene]  # angles are written into the scene as they are found
    count = len(turned) - PRIORS
    wrong = 0
    for thing in turned[:-PRIORS]:
        if "position" in thing:
            boxes = _boxes(find(turned, thing["new_object_id"]), turned, room)
            wrong += not any(_holds(thing, box, 0.0) for box in boxes)
    return wrong / count if count > 0 else 0.0


def strict_ratio(scene: Scene, room: Metres) -> float:
    """Share of the objects that `strict_wrong` names."""
    wrong = strict_wrong(scene, room)
    return sum(wrong) / len(wrong) if wrong else 0.0


def strict_wrong(scene: Scene, room: Metres) -> list[bool]:
    """Which objects break a relation; every object has a position.

    A relation to something that the scene graph does not have, or of an unknown kind, asks nothing.
    """
    turned = [{**thing, "rotation": {"z_angle": _quarter(rotation(thing, scene))}} for thing in scene]
    return [not _fits(thing, turned, room) for thing in turned[:-PRIORS]]


def relations(thing: Thing) -> list[tuple[str, str, Any]]:
    """Preposition, name of the other thing, and adjacency (True unless stated)."""
    placement = thing["placement"]
    return [
        (
            relation["preposition"],
            relation["layout_element_id"] if "layout_element_id" in relation else relation["object_id"],
            relation.get("is_adjacent", True),
        )
        for relation in placement["room_layout_elements"] + placement["objects_in_room"]
    ]


def mended(pair: Pair, preposition: str) -> list[Box]:
    """The boxes of a relation without upstream's defects; one of them must hold."""
    if preposition == "in the corner":
        x_1, x_2, y_1, y_2, low, high = RELATIONS[preposition](pair)
        return [(x, x, y, y, low, high) for x, y in sorted({(x_1, y_1), (x_2, y_2)})]
    if preposition == "above":
        *sides, low, high = RELATIONS[preposition](pair)
        return [(*sides, low, min(high, max(low, pair.room[2] - pair.size[2] / 2)))]  # type: ignore[list-item]
    return [RELATIONS[preposition](replace(pair, precise=True))]


def _boxes(thing: Thing, scene: Sequence[Thing], room: Metres) -> list[Box]:
    """Upstream's boxes, one for each relation to a thing that has a position."""
    thing["rotation"] = {"z_angle": rotation(thing, scene)}
    boxes = []
    for preposition, name, adjacent in relations(thing):
        other = find(scene, name)
        if "position" in other:
            boxes.append(allowed(preposition, thing, other, adjacent, thing["is_on_the_floor"], room))
    return boxes


def _fits(thing: Thing, scene: Sequence[Thing], room: Metres) -> bool:
    """Whether all relations hold, and it stands on the floor if it is to."""
    on_floor = bool(thing["is_on_the_floor"])
    half = thing["size_in_meters"]["height"] / 2
    if on_floor and abs(thing["position"]["z"] - half) > TOLERANCE_METRES:
        return False
    for preposition, name, adjacent in relations(thing):
        other = next((one for one in scene if one["new_object_id"] == name), None)
        if other is None or preposition not in RELATIONS:
            continue
        boxes = mended(pair_of(thing, other, bool(adjacent), on_floor, room), preposition)
        if not any(_holds(thing, box, TOLERANCE_METRES) for box in boxes):
            return False
    return True


def _holds(thing: Thing, box: Box, tolerance: float) -> bool:
    """Whether the thing's centre lies in the box."""
    return all(
        low - tolerance <= thing["position"][axis] <= high + tolerance
        for axis, low, high in zip(AXES, box[::2], box[1::2], strict=True)
    )


def _quarter(angle: float) -> float:
    """The nearest of 0, 90, 180 and 270 degrees."""
    return min(FRONT, key=lambda right: abs((angle - right + 180.0) % 360.0 - 180.0))
