"""Reward for how a furnished room looks: a judge grades a picture of it in five aspects.

Without a judge there is nothing to ask, and the reward does not apply (None); format and physics then carry the total.
With one, an answer that places nothing earns 0, and a question that the judge leaves open is None.
Upstream: PzySeere/MetaSpatial@a3c89c2, which renders with Blender and asks gpt-4o; here `layout.render` draws.
"""

from typing import Any

from rlvr.method import Judge
from rlvr.rewards import judge as judges
from rlvr.rewards.layout import grades
from rlvr.rewards.layout.physics import Size, well_formed_layout
from rlvr.rewards.layout.render import render
from rlvr.rewards.layout.scene import Scene, room_of

SIDE_PX = 800
"""Side of the judged picture, as upstream's."""


def judged(
    completions: list[str],
    *,
    scene_graph: list[Scene],
    size_of_room: list[Size],
    user_preference: list[str],
    judge: Judge | None = None,
    **_: Any,
) -> list[float | None]:
    """Sum of the five grades over 50, from 0 to 1."""
    if judge is None:
        return [None] * len(completions)
    layouts = [well_formed_layout(text, scene) for text, scene in zip(completions, scene_graph, strict=True)]
    questions = [
        grades.question(wish, render(layout, room_of(size), SIDE_PX))
        for layout, size, wish in zip(layouts, size_of_room, user_preference, strict=True)
        if layout is not None
    ]
    replies = iter(judges.ask(judge, questions) if questions else [])
    return [0.0 if layout is None else _share(next(replies)) for layout in layouts]


def _share(reply: str | None) -> float | None:
    return None if reply is None else grades.share(grades.sound(reply))
