"""Answer rules of room layouts; both are shares of what a judge is not needed for.

`published` is MetaSpatial's overall score without the judge's part, moved into [0, 1]: from -0.4 (no format, every pair
colliding, every relation broken) to 0.5. `strict` is the share of the room's objects that are in place.
"""

from typing import Any

from rlvr.rewards.layout import collisions, constraints, physics
from rlvr.rewards.layout.answer import graded
from rlvr.rewards.layout.physics import Size, well_formed_layout
from rlvr.rewards.layout.scene import PRIORS, RAISED, Scene, room_of

WORST, BEST = -0.4, 0.5
"""Ends of 0.5 format - 0.2 collisions - 0.2 constraints."""


def published(
    completions: list[str], *, scene_graph: list[Scene], size_of_room: list[Size], **_: Any
) -> list[float | None]:
    """(0.5 format - 0.2 collisions - 0.2 constraints + 0.4) / 0.9; None where upstream raises.

    A completion that places nothing counts as colliding and violating throughout: Table 1 has 79 % and 100 % at a
    format rate of 0.12, so upstream's evaluation cannot have left such completions out.
    """
    formats = graded(completions, scene_graph=scene_graph)
    columns: dict[str, Any] = {"scene_graph": scene_graph, "size_of_room": size_of_room}
    parts = zip(
        formats, physics.collision(completions, **columns), physics.constraint(completions, **columns), strict=True
    )
    return [
        None
        if form is None or collided is None or violated is None
        else (0.5 * form - 0.2 * collided - 0.2 * violated - WORST) / (BEST - WORST)
        for form, collided, violated in parts
    ]


def strict(
    completions: list[str], *, scene_graph: list[Scene], size_of_room: list[Size], **_: Any
) -> list[float | None]:
    """Share of the objects inside the room, free of others and in all their relations; None for no sound layout."""
    return [
        _in_place(text, scene, size) for text, scene, size in zip(completions, scene_graph, size_of_room, strict=True)
    ]


def _in_place(text: str, scene: Scene, size: Size) -> float | None:
    layout = well_formed_layout(text, scene)
    if layout is None:
        return None
    try:
        colliding = collisions.strict_wrong(layout, room_of(size))
        violating = constraints.strict_wrong(layout, room_of(size))
    except RAISED:
        return None
    wrong = [bad or worse for bad, worse in zip(colliding, violating, strict=True)]
    return 1 - sum(wrong) / max(1, len(layout) - PRIORS)
