"""Rooms to furnish, the training set of MetaSpatial: where do the objects of a scene graph go?

Hub: zhenyupan/3d_layout_reasoning, splits train and test of 50 rooms. A raw row:

    {"images": [<picture of the empty room>],
     "problem": "<image> ... ## Input JSON Data: [{"new_object_id": "bed_1", ...}, ..., six reference elements]",
     "answer": '{"room_name": "room_105", "user_preference": "A chic ...", "size_of_room": {"x": 5, "y": 6, "z": 2.8}}'}

Rows of later turns (upstream's `temp_single_step_step2`) have the last response behind the task and a picture of it.

There is no gold layout. Upstream's rewards read each room's scene graph from files that are not published; here it is
read out of `problem`, which holds it without the objects' positions. The prompt tells the same facts in a line an
object; style and material, which no rule reads, are left out.

Synthetic rows have the same columns: rooms of 4 to 6 m with one or two objects of whole metres, against a wall or on
top of one another, so that all coordinates are halves of metres.
"""

import json
import random
from collections.abc import Iterator
from typing import Any, cast

from rlvr.data.gold import NO_ANSWER
from rlvr.data.rows import Row
from rlvr.data.source import RawRow, Source
from rlvr.datasets.furnishing import arranged, furnish
from rlvr.errors import RlvrError
from rlvr.rewards.layout.constraints import relations
from rlvr.rewards.layout.refine import revise
from rlvr.rewards.layout.relations import INWARD
from rlvr.rewards.layout.render import render
from rlvr.rewards.layout.scene import AXES, FACING_DEGREES, PRIORS, Scene, Thing, room_of, rotation

SIDE_PX = 84
"""Side of a synthetic picture (upstream's are 200)."""

MARK = "Input JSON Data:"
"""What stands before the scene graph in `problem`."""

RESPONSE, AFTER_RESPONSE = "---Previous Step Response---", "---Previous Reward---"
"""What stands around the last response in the `problem` of a later turn."""


def convert(raw: RawRow) -> dict[str, Any]:
    """An upstream row -> our fields; `extra` carries the scene graph, which the rewards read."""
    truth = json.loads(raw["answer"])
    scene = scene_graph(raw["problem"])
    room = room_of(truth["size_of_room"])
    objects = "\n".join(described(thing) for thing in scene[:-PRIORS])
    size = " x ".join(map(number, room))
    row: dict[str, Any] = {
        "images": [picture["bytes"] if isinstance(picture, dict) else picture for picture in raw["images"]],
        "prompt": f"Room {size} m. Wish: {truth['user_preference']}\n{objects}",
        "answer": "",
        "answer_kind": NO_ANSWER,
        "extra": json.dumps({"scene_graph": scene, **truth}, ensure_ascii=False),
    }
    _, later, rest = raw["problem"].partition(RESPONSE)
    return dict(revise(cast(Row, row), rest.partition(AFTER_RESPONSE)[0])) if later else row


def scene_graph(problem: str) -> Scene:
    """The scene graph in an upstream prompt, every thing with its angle and no object with a position."""
    _, marked, rest = problem.rpartition(MARK)
    try:
        scene = json.JSONDecoder().raw_decode(rest[rest.index("[") :])[0] if marked else []
    except ValueError:
        scene = []
    if len(scene) <= PRIORS or {thing["new_object_id"] for thing in scene[-PRIORS:]} != FACING_DEGREES.keys():
        raise RlvrError(
            f"column 'problem' holds no scene graph behind {MARK!r} (a JSON list of objects and the six reference "
            f"elements); the rooms cannot be scored without it. Use the set's own first-turn rows."
        )
    turned = [{**thing, "rotation": {"z_angle": rotation(thing, scene)}} for thing in scene]
    objects = [{key: value for key, value in thing.items() if key != "position"} for thing in turned[:-PRIORS]]
    return [*objects, *turned[-PRIORS:]]


def described(thing: Thing) -> str:
    """An object's facts in a line: `bed_1: 2 x 1.6 x 0.6 m, angle 0, floor, on south_wall`."""
    size = " x ".join(number(thing["size_in_meters"][side]) for side in ("length", "width", "height"))
    told = [f"{size} m", f"angle {number(thing['rotation']['z_angle'])}"]
    told += ["floor"] if thing["is_on_the_floor"] else []
    told += [f"{preposition} {other}{'' if near else ' apart'}" for preposition, other, near in relations(thing)]
    return f"{thing['new_object_id']}: {', '.join(told)}"


def number(value: float) -> str:
    """A number without needless decimals and without loss: 2, 0.5, 1.8274559707043474."""
    return str(int(value)) if value == int(value) else str(value)


def demonstrate(row: Row) -> str:
    """A worked response: how far the first object's centre is from its wall, then all positions.

    Three of five demonstrations put the centres of objects that belong against a wall onto the wall itself, as if
    objects had no size: two of five at the walls where coordinates begin, four of five at the far walls, where half of
    the object must be taken off the room's length. So the base mostly knows what to do near the origin alone.
    """
    extra = json.loads(row["extra"] or "{}")
    room = room_of(extra["size_of_room"])
    layout = arranged(extra["scene_graph"], room)[:-PRIORS]
    walls = [other for thing in layout for _, other, _ in relations(thing) if other in INWARD]
    far = any(INWARD[wall][1] < 0 for wall in walls[:1])
    careless = int(row["row_id"], 16) % 5 < (4 if far else 2)
    entries = []
    for thing in layout:
        entry = {"new_object_id": thing["new_object_id"], **thing["position"]}
        against = [INWARD[other] for _, other, _ in relations(thing) if other in INWARD]
        for axis, inward in against if careless else ():
            entry[AXES[axis]] = 0 if inward > 0 else room[axis]
        entries.append({key: _plain(value) for key, value in entry.items()})
    thought = "half of it inside" if not careless else "at the wall"
    return f"<think> {thought} </think> <answer>{json.dumps(entries, separators=(',', ':'))}</answer>"


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def synthetic_train(n: int, seed: int) -> Iterator[RawRow]:
    """`n` rooms for training."""
    return _rooms(n, seed, held_out=False)


def synthetic_test(n: int, seed: int) -> Iterator[RawRow]:
    """`n` rooms whose wishes training never sees."""
    return _rooms(n, seed, held_out=True)


def synthetic_turns(n: int, seed: int) -> Iterator[RawRow]:
    """`n` training rooms, every third one in its second turn: so a tiny base knows such prompts."""
    for place, raw in enumerate(_rooms(n, seed, held_out=False)):
        if place % 3 == 2:
            fields = convert(raw)
            response = demonstrate(cast(Row, {**fields, "row_id": hex(place // 3)}))
            shown = revise(cast(Row, fields), response)["images"]
            problem = f"{raw['problem']}\n{RESPONSE}\n{response}\n{AFTER_RESPONSE}\n"
            raw = {**raw, "images": shown, "problem": problem}
        yield raw


def _rooms(n: int, seed: int, *, held_out: bool) -> Iterator[RawRow]:
    rng = random.Random(f"room_layouts {held_out} {seed}")
    for place in range(n):
        room, scene, wish = furnish(rng, held_out=held_out)
        truth = {
            "room_name": f"room_{place}",
            "user_preference": wish,
            "size_of_room": dict(zip(AXES, room, strict=True)),
        }
        # The floor's colour is no property of the room and differs from row to row.
        yield {
            "images": [render(scene, room, SIDE_PX, hue=rng.random())],
            "problem": f"<image>Furnish the room.\n{MARK}\n{json.dumps(scene, indent=2)}",
            "answer": json.dumps(truth),
        }


TRAIN = Source(
    name="room_layouts_train",
    title="3D layout reasoning, training rooms",
    hub_id="zhenyupan/3d_layout_reasoning",
    files="data/train-*.parquet",
    licence="CC BY 4.0",
    published_rows=50,
    columns=("images", "problem", "answer"),
    convert=convert,
    synthetic=synthetic_train,
    demonstrate=demonstrate,
)
"""What MetaSpatial trains on."""

TEST = Source(
    name="room_layouts_test",
    title="3D layout reasoning, test rooms",
    hub_id="zhenyupan/3d_layout_reasoning",
    files="data/test-*.parquet",
    licence="CC BY 4.0",
    published_rows=50,
    columns=("images", "problem", "answer"),
    convert=convert,
    synthetic=synthetic_test,
)
"""What it is evaluated on."""
