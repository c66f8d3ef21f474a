"""Rewards (penalties, by their weights) for a layout's collisions and broken relations, from 0 (none) to 1.

`collision` and `constraint` are upstream's shares for a layout that gives every object once with finite numbers. Any
other answer counts as the worst layout, 1, where upstream measures nothing: it would otherwise be paid more for naming
an unknown object than for a room with faults. The `strict` pair also closes what upstream's shares overlook.
"""

from collections.abc import Callable
from typing import Any

from rlvr.rewards.layout import collisions, constraints
from rlvr.rewards.layout.answer import format_share, read_or_none
from rlvr.rewards.layout.scene import PRIORS, RAISED, Metres, Scene, room_of, soundly_placed

WORST = 1.0
"""What an answer counts that places nothing."""

Size = dict[str, float]
"""`{"x": 5, "y": 4, "z": 3}`, in metres."""


def collision(
    completions: list[str], *, scene_graph: list[Scene], size_of_room: list[Size], **_: Any
) -> list[float | None]:
    """Upstream's share of colliding pairs, 1 when nothing is placed; None for a scene graph that cannot be measured."""
    return _each(lambda scene, _: collisions.ratio(scene), completions, scene_graph, size_of_room)


def constraint(
    completions: list[str], *, scene_graph: list[Scene], size_of_room: list[Size], **_: Any
) -> list[float | None]:
    """Upstream's share of objects in none of their places, 1 when nothing is placed; None for a damaged scene graph."""
    return _each(constraints.ratio, completions, scene_graph, size_of_room)


def strict_collision(
    completions: list[str], *, scene_graph: list[Scene], size_of_room: list[Size], **_: Any
) -> list[float | None]:
    """Share of the objects that overlap another one or stick out of the room."""
    return _each(collisions.strict_ratio, completions, scene_graph, size_of_room)


def strict_constraint(
    completions: list[str], *, scene_graph: list[Scene], size_of_room: list[Size], **_: Any
) -> list[float | None]:
    """Share of the objects that break any of their relations by more than a centimetre."""
    return _each(constraints.strict_ratio, completions, scene_graph, size_of_room)


def well_formed_layout(text: str, scene: Scene) -> Scene | None:
    """The scene with a completion's positions; None unless its format is perfect and every object placed once."""
    try:
        if format_share(text, len(scene) - PRIORS) < 1:
            return None
    except RAISED:
        return None
    return soundly_placed(scene, read_or_none(text))


def _each(
    share: Callable[[Scene, Metres], float], completions: list[str], scenes: list[Scene], sizes: list[Size]
) -> list[float | None]:
    return [
        _one(share, text, scene, room_of(size)) for text, scene, size in zip(completions, scenes, sizes, strict=True)
    ]


def _one(share: Callable[[Scene, Metres], float], text: str, scene: Scene, room: Metres) -> float | None:
    layout = well_formed_layout(text, scene)
    if layout is None:
        return WORST
    try:
        return share(layout, room)
    except RAISED:
        return None
