"""The next turn of a layout: the model sees a picture of what it proposed and its own answer, and proposes again.

Upstream means the same but shows the printout of a tensor in place of the task, and the empty room in place of the
picture. It states the last reward; here that is the part that needs no judge.
Upstream: PzySeere/MetaSpatial@a3c89c2 verl/trainer/ray_trainer.py.
"""

import json
from typing import Any

from rlvr.data.open_picture import open_picture
from rlvr.data.rows import Row
from rlvr.rewards.layout import physics
from rlvr.rewards.layout.answer import graded, read_or_none
from rlvr.rewards.layout.render import render
from rlvr.rewards.layout.scene import Scene, room_of, soundly_placed

LONGEST_ANSWER = 4000
"""Characters of the last answer that the next prompt repeats."""

MARK = "\nLast proposal: "
"""What separates the task from the last turn's answer."""


def revise(row: Row, completion: str) -> Row:
    """The row of the next turn; its picture shows the layout, or what the row showed when there is none to show."""
    extra = json.loads(row.get("extra") or "{}")
    answer = read_or_none(completion)
    layout = soundly_placed(extra["scene_graph"], answer)
    images = row["images"]
    told = "none that could be placed"
    if layout is not None:
        images = [render(layout, room_of(extra["size_of_room"]), _side_px(images))]
        told = json.dumps(answer, ensure_ascii=False)[:LONGEST_ANSWER]
    task = row["prompt"].partition(MARK)[0]
    reward = _rule_based(completion, extra["scene_graph"], extra["size_of_room"])
    return {**row, "images": images, "prompt": f"{task}{MARK}{told}\nIt earned {reward:.2f}. Improve it."}


def _rule_based(completion: str, scene: Scene, size: physics.Size) -> float:
    """Format and physics with upstream's weights; at best 0.5."""
    columns: dict[str, Any] = {"scene_graph": [scene], "size_of_room": [size]}
    (form,) = graded([completion], **columns)
    (collided,) = physics.collision([completion], **columns)
    (violated,) = physics.constraint([completion], **columns)
    return 0.5 * (form or 0.0) - 0.2 * (collided or 0.0) - 0.2 * (violated or 0.0)


def _side_px(images: list[bytes]) -> int:
    """Width of the row's picture."""
    with open_picture(images[0]) as opened:
        return opened.width
