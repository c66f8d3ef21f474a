import io
import json
import math
import random
import time
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from PIL import Image

from rlvr.data.load import raw_rows
from rlvr.data.rows import columns, row_id
from rlvr.datasets import furnishing, room_layouts
from rlvr.errors import RlvrError
from rlvr.rewards.layout import answer, physics, rendering, score
from rlvr.rewards.layout.refine import revise
from rlvr.rewards.layout.render import render
from rlvr.scoring import layout


def rows(source, n, seed):
    for raw in source.synthetic(n, seed):
        fields = source.convert(raw)
        row = {**fields, "source": source.name, "task": "layout"}
        yield {**row, "row_id": row_id(row)}


def worked(row, careful):
    return room_layouts.demonstrate({**row, "row_id": "4" if careful else "0"})


@pytest.mark.parametrize("source", [room_layouts.TRAIN, room_layouts.TEST], ids=lambda source: source.name)
def test_rows_have_the_upstream_columns_and_are_reproducible(source):
    first = list(source.synthetic(5, 1))
    assert first == list(source.synthetic(5, 1)) != list(source.synthetic(5, 2))
    for raw in first:
        assert set(raw) == set(source.columns)
        assert set(json.loads(raw["answer"])) == {"room_name", "user_preference", "size_of_room"}
        scene = room_layouts.scene_graph(raw["problem"])
        assert len(scene) in (7, 8) and not any("position" in thing for thing in scene[:-6])
        assert all("position" in thing for thing in scene[-6:])


def test_training_and_test_rooms_do_not_meet():
    train, test = (
        {row["prompt"] for row in rows(source, 300, 0)} for source in (room_layouts.TRAIN, room_layouts.TEST)
    )
    assert not train & test


def test_pictures_show_the_room():
    shades = {}
    for row in rows(room_layouts.TRAIN, 60, 0):
        size = json.loads(row["extra"])["size_of_room"]
        picture = np.asarray(Image.open(io.BytesIO(row["images"][0])).convert("RGB")).astype(int)
        assert picture.shape == (84, 84, 3)
        across = np.nonzero((picture[60] < 250).any(1))[0]
        shades.setdefault(size["x"], set()).add(int(np.ptp(across)))
    assert max(shades[4]) < min(shades[5]) and max(shades[5]) < min(shades[6])


def test_careful_demonstrations_are_perfect_and_careless_ones_are_not():
    train = list(rows(room_layouts.TRAIN, 80, 0))
    table = columns(train)
    careful, careless = ([worked(row, careful) for row in train] for careful in (True, False))
    assert layout.published(careful, **table) == [1.0] * len(train) == layout.strict(careful, **table)
    assert set(physics.collision(careful, **table)) == {0.0} == set(physics.strict_constraint(careful, **table))
    assert max(layout.strict(careless, **table)) <= 0.5
    assert max(layout.published(careless, **table)) < 0.9
    mixed = layout.strict([room_layouts.demonstrate(row) for row in train], **table)
    assert 0.2 < sum(score == 1 for score in mixed) / len(mixed) < 0.6


def test_a_prompt_without_scene_graph_is_refused_with_a_remedy(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    raw = next(iter(room_layouts.synthetic_train(1, 0)))
    pq.write_table(pa.Table.from_pylist([raw, {**raw, "problem": "Input JSON Data: none"}]), tmp_path / "train.parquet")
    good, bad = raw_rows(replace(room_layouts.TRAIN, location=str(tmp_path), files="*.parquet"), 0)
    assert room_layouts.convert(good)["prompt"].startswith("Room ")
    with pytest.raises(RlvrError, match="first-turn rows"):
        room_layouts.convert(bad)


def test_an_object_without_angle_gets_one_from_what_it_faces():
    scene = furnishing.furnish(random.Random(0), held_out=False)[1]
    del scene[0]["rotation"]
    scene[0]["facing"] = "west_wall"
    assert room_layouts.scene_graph(f"{room_layouts.MARK} {json.dumps(scene)}")[0]["rotation"] == {"z_angle": 270.0}


def test_the_next_turn_shows_the_layout_and_repeats_the_answer():
    (row,) = rows(room_layouts.TRAIN, 1, 0)
    good, bad = worked(row, True), worked(row, False)
    once, again = revise(row, bad), revise(revise(row, bad), good)
    assert once["images"] != row["images"] and once["images"] != again["images"]
    assert json.loads(once["extra"]) == json.loads(row["extra"])
    assert once["prompt"].startswith(row["prompt"]) and "earned 0.29" in once["prompt"]
    assert again["prompt"].count("Last proposal") == 1 and "earned 0.50" in again["prompt"]
    lost = revise(row, "no idea")
    assert lost["images"] == row["images"] and "none that could be placed" in lost["prompt"]
    assert revise(row, bad) == once


def test_rows_of_later_turns_are_read_as_such():
    first, _, second = islice(room_layouts.synthetic_turns(3, 0), 3)
    assert set(first) == set(second) == set(room_layouts.TRAIN.columns)
    once, again = room_layouts.convert(first), room_layouts.convert(second)
    assert "Last proposal" in again["prompt"] and "Last proposal" not in once["prompt"]
    assert again["images"] == second["images"] and len(room_layouts.scene_graph(second["problem"])) > 6


def test_pictures_of_wild_layouts_are_drawn_and_the_same_every_time():
    (row,) = rows(room_layouts.TRAIN, 1, 0)
    extra = json.loads(row["extra"])
    for far in (1e5, -1e5, 0.0):
        scene = [{**thing, "position": {"x": far, "y": -far, "z": far}} for thing in extra["scene_graph"][:-6]]
        scene += extra["scene_graph"][-6:]
        pictures = [render(scene, (5.0, 4.0, 3.0), 320) for _ in range(2)]
        assert pictures[0] == pictures[1]
        assert Image.open(io.BytesIO(pictures[0])).size == (320, 320)


def one(text, entries=1):
    scene = next(
        json.loads(row["extra"]) for row in rows(room_layouts.TRAIN, 50, 0) if row["prompt"].count("\n") == entries
    )
    table = {
        "scene_graph": [scene["scene_graph"]],
        "size_of_room": [scene["size_of_room"]],
        "user_preference": ["calm"],
    }
    return scene, table, text


HOSTILE = [
    "<think>" * 15_000,
    "<think></think>" + "<answer>" * 12_000 + "</answer>",
    "<think>a</think><answer>" + "[" * 100_000 + "</answer>",
    "<think>a</think><answer>" + "9" * 100_000 + "</answer>",
    "<think>a</think><answer>[" + "9" * 100_000 + "]</answer>",
    "<think>a</think><answer>" + '{"a":' * 20_000 + "</answer>",
    "<think>a</think><answer>[{}]</answer>",
    "<think>a</think><answer>[1]</answer>",
    '<think>a</think><answer>{"new_object_id": 1}</answer>',
    '<think>a</think><answer>[{"new_object_id": [], "x": 1, "y": 1, "z": 1}]</answer>',
    '<think>a</think><answer>[{"new_object_id": "bed_1", "x": 1e999, "y": NaN, "z": null}]</answer>',
    "<think>a</think><answer>true</answer>",
]
REWARDS = [
    answer.graded,
    physics.collision,
    physics.constraint,
    physics.strict_collision,
    physics.strict_constraint,
    rendering.judged,
    layout.published,
    layout.strict,
]


@pytest.mark.parametrize("reward", REWARDS, ids=lambda reward: f"{reward.__module__}.{reward.__name__}")
def test_hostile_text_is_scored_in_no_time(reward):
    _, table, _ = one("")
    for text in HOSTILE:
        started = time.perf_counter()
        (value,) = reward([text], **table)
        assert time.perf_counter() - started < 1, text[:40]
        assert value is None or (0 <= value <= 1 and math.isfinite(value))


def test_nothing_placed_is_never_better_than_a_faulty_room():
    scene, table, _ = one("")
    name = scene["scene_graph"][0]["new_object_id"]
    form = "<think>a</think><answer>{}</answer>".format
    faulty = form(json.dumps([{"new_object_id": name, "x": 99, "y": 99, "z": 9}]))

    def total(text):
        parts = [reward([text], **table)[0] or 0.0 for reward in REWARDS[:3]]
        return sum(weight * part for weight, part in zip((0.5, -0.2, -0.2), parts, strict=True))

    for empty in ('{"a": 1}', '"x"', '[{"new_object_id": "nobody", "x": 1, "y": 1, "z": 1}]', "[1]", "{", "[]"):
        assert total(form(empty)) < total(faulty), empty
        grades = dict.fromkeys("abcde", 8)
        upstream = score.total(form(empty), scene["scene_graph"], scene["size_of_room"], grades)
        assert upstream is not None and upstream >= total(form(empty))
    assert physics.strict_collision([faulty], **table) == [1.0]
    assert physics.collision([faulty], **table) == [0.0]  # wholly outside the room, upstream sees nothing
