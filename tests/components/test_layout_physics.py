"""Strict physics, and the judge's part; upstream's rules themselves are held to their golden rows."""

from rlvr.method import Judge
from rlvr.rewards import judge as judges
from rlvr.rewards.layout import collisions, constraints, grades, rendering
from rlvr.rewards.layout.relations import allowed
from rlvr.rewards.layout.scene import placed, priors, soundly_placed

ROOM = (4.0, 4.0, 3.0)


def thing(name, size, relations=(), floor=True, angle=0.0):
    return {
        "new_object_id": name,
        "is_on_the_floor": floor,
        "facing": "north_wall",
        "size_in_meters": dict(zip(("length", "width", "height"), size, strict=True)),
        "placement": {
            "room_layout_elements": [
                {"layout_element_id": other, "preposition": kind} for other, kind, near in relations if near is None
            ],
            "objects_in_room": [
                {"object_id": other, "preposition": kind, "is_adjacent": near}
                for other, kind, near in relations
                if near is not None
            ],
        },
        "rotation": {"z_angle": angle},
    }


def scene(things, places):
    answer = [
        {"new_object_id": one["new_object_id"], "x": x, "y": y, "z": z}
        for one, (x, y, z) in zip(things, places, strict=True)
    ]
    return placed([*things, *priors(ROOM)], answer)


BED = thing("bed", (2, 1, 1), [("south_wall", "on", None)])
STOOL = thing("stool", (1, 1, 1), [("south_wall", "on", None), ("bed", "right of", True)])


def test_all_relations_are_asked_for_to_within_a_centimetre():
    both, one, near = ((3.0 + shift, 0.5, 0.5) for shift in (0.5, 0.0, 0.505))
    beds = (2.0, 0.5, 0.5)
    rooms = [scene([BED, STOOL], [beds, place]) for place in (both, one, near)]
    assert [constraints.ratio(room, ROOM) for room in rooms] == [0, 0, 0.5]
    assert [constraints.strict_ratio(room, ROOM) for room in rooms] == [0, 0.5, 0]
    assert constraints.ratio(scene([BED], [(2.0, 0.505, 0.5)]), ROOM) == 1
    assert constraints.strict_ratio(scene([BED], [(2.0, 0.505, 0.5)]), ROOM) == 0


def test_collisions_count_objects_and_what_sticks_out():
    apart, together, outside = ((3.5, 0.5, 0.5), (2.5, 0.5, 0.5), (9.0, 0.5, 0.5))
    rooms = [scene([BED, STOOL], [(2.0, 0.5, 0.5), place]) for place in (apart, together, outside)]
    assert [collisions.ratio(room) for room in rooms] == [0, 1 / 28, 0]
    assert [collisions.strict_ratio(room, ROOM) for room in rooms] == [0, 1, 0.5]
    rug = thing("rug", (2, 2, 0.02))
    assert collisions.strict_ratio(scene([BED, rug], [(2.0, 0.5, 0.5), (2.0, 1.0, 0.01)]), ROOM) == 0


def test_mended_relations():
    apart = thing("stool", (1, 1, 1), [("bed", "in front", False)])
    beyond = scene([BED, apart], [(1.0, 0.5, 0.5), (2.6, 2.0, 0.5)])
    assert constraints.strict_ratio(beyond, ROOM) == 0.5
    wide = thing("stool", (2, 1, 1), [("bed", "in front", False)])
    overlapping = scene([BED, wide], [(1.0, 0.5, 0.5), (2.9, 2.0, 0.5)])
    assert constraints.ratio(overlapping, ROOM) == 0.5  # upstream's slack is 0.5 m whatever the size
    assert constraints.strict_ratio(overlapping, ROOM) == 0
    plant = thing("plant", (1, 1, 1), [("north_wall", "in the corner", None)])
    middle, corner = (scene([plant], [(x, 3.5, 0.5)]) for x in (2.0, 0.5))
    assert constraints.strict_ratio(middle, ROOM) == 1 and constraints.strict_ratio(corner, ROOM) == 0
    shelf = thing("shelf", (1, 1, 1), [("bed", "above", True)], floor=False)
    high = scene([BED, shelf], [(2.0, 0.5, 0.5), (2.0, 0.5, 2.9)])
    assert constraints.ratio(high, ROOM) == 0 and constraints.strict_ratio(high, ROOM) == 0.5


def test_unknown_relations_ask_nothing_and_any_angle_is_a_quarter_turn():
    odd = thing("odd", (1, 1, 1), [("nobody", "on", True), ("south_wall", "beneath", None)], angle=100.0)
    assert constraints.strict_ratio(scene([odd], [(1.0, 1.0, 0.5)]), ROOM) == 0
    assert constraints.strict_ratio(scene([odd], [(1.0, 1.0, 1.5)]), ROOM) == 1  # it is to stand on the floor


def test_a_relation_gives_upstreams_box():
    bed = scene([BED], [(2.0, 0.5, 0.5)])[0]
    assert allowed("right of", STOOL, bed, True, True, ROOM) == (3.5, 3.5, 0.5, 0.5, 0.5, 0.5)


def test_a_sound_layout_names_every_object_once_with_numbers():
    graph = [BED, STOOL, *priors(ROOM)]
    entry = {"new_object_id": "bed", "x": 1, "y": 1, "z": 1}
    other = {**entry, "new_object_id": "stool"}
    assert soundly_placed(graph, [other, entry]) is not None
    for bad in ([entry], [entry, entry], [entry, {**other, "x": True}], [entry, {**other, "x": "1"}], {"a": 1, "b": 2}):
        assert soundly_placed(graph, bad) is None


FULL = {aspect: {"grade": 8, "comment": 'a "fine" room\n'} for aspect in grades.ASPECTS}


def test_grades_are_read_whatever_their_comments_say():
    import json

    reply = f"Here:\n```json\n{json.dumps(FULL)}\n```"
    assert grades.share(grades.sound(reply)) == 0.8
    assert grades.share(grades.sound(json.dumps(FULL))) == 0.8
    assert set(grades.upstream(reply).values()) == {None}
    FEW = {**FULL, grades.ASPECTS[0]: {"grade": 11}, grades.ASPECTS[1]: {"grade": "unknown"}, grades.ASPECTS[2]: 7}
    assert grades.share(grades.sound(json.dumps(FEW))) == 0.32
    for broken in ("", "```json", "no", "[" * 90_000, "x" * 200_000, "[1]", '{"layout_and_furniture": null}'):
        assert grades.share(grades.sound(broken)) == 0


def test_the_judge_sees_rooms_only(monkeypatch):
    asked = []

    def ask(judge, questions):
        asked.extend(questions)
        return [None if place else "```json\n" + str(FULL).replace("'", '"') + "```" for place in range(len(questions))]

    monkeypatch.setattr(judges, "ask", ask)
    monkeypatch.setattr(grades, "sound", lambda reply: dict.fromkeys(grades.ASPECTS, 6))
    good = '<think>a</think><answer>[{"new_object_id": "bed", "x": 1, "y": 1, "z": 1}]</answer>'
    table = {
        "scene_graph": [[BED, *priors(ROOM)]] * 3,
        "size_of_room": [dict(zip("xyz", ROOM, strict=True))] * 3,
        "user_preference": ["a calm room"] * 3,
    }
    assert rendering.judged([good, "nothing", good], judge=Judge(model="m"), **table) == [0.6, 0.0, None]
    assert len(asked) == 2 and "a calm room" in asked[0].text and asked[0].pictures[0].startswith(b"\x89PNG")
    assert rendering.judged([good] * 3, **table) == [None] * 3
