"""Upstream's total reward of a layout, sentinels included.

    0.5 format                                              when the format is not perfect
    0.5                                                     when the layout cannot be applied, or all grades are 0
    0.7                                                     when there is no list of positions, or the grades sum to 10
    0.5 - 0.2 collisions - 0.2 constraints + grades / 50    otherwise

A method adds the parts up as components of its own (`answer.graded`, `physics`, `rendering`), so that 0.5 and 0.7 are
not paid for answers that place nothing.
Upstream: PzySeere/MetaSpatial@a3c89c2 verl/utils/reward_score/metaverse.py.
"""

from collections.abc import Mapping

from rlvr.rewards.layout import collisions, constraints
from rlvr.rewards.layout.answer import format_share, read
from rlvr.rewards.layout.scene import PRIORS, RAISED, Scene, placed, room_of

NOTHING_APPLIED = 0
"""Upstream's result for a layout that raised or named an unknown object; read as a sum of grades of 0."""

NO_LIST = 10
"""Upstream's result for an answer that is no list of the right length; read as a sum of grades of 10."""


def total(text: str, scene: Scene | None, size: Mapping[str, float], means: Mapping[str, float]) -> float | None:
    """The reward of one completion; None where upstream raises. `means` are the judge's grades by aspect."""
    try:
        return _total(text, scene, size, means)
    except RAISED:
        return None


def attempt(text: str, scene: Scene | None) -> Scene | int:
    """The scene with the answer's positions, which upstream has judged, or one of the two sentinels.

    A scene of None stands for a room whose files are missing.
    """
    answer = read(text)
    entries = answer if isinstance(answer, list) else [answer]
    if answer is None or not entries:
        return NO_LIST
    try:
        if len(entries) != len(scene[:-PRIORS]):  # type: ignore[index]
            return NO_LIST
        return placed(scene, entries)  # type: ignore[arg-type]
    except RAISED:
        return NOTHING_APPLIED


def _total(text: str, scene: Scene | None, size: Mapping[str, float], means: Mapping[str, float]) -> float:
    share = format_share(text, -1 if scene is None else len(scene) - PRIORS)
    if scene is None and share > 0.1:
        raise LookupError("the room has no scene graph with which the answer could be compared")
    if share < 1:
        return 0.5 * share
    applied = attempt(text, scene)
    grades = applied if isinstance(applied, int) else sum(int(mean) for mean in means.values())
    if isinstance(applied, int) or grades in (NOTHING_APPLIED, NO_LIST):  # real grades may equal a sentinel
        return 0.5 * share + grades / 50
    collided = collisions.ratio(applied)
    violated = constraints.ratio(applied, room_of(size))
    return grades / 50 + 0.5 * share - 0.2 * collided - 0.2 * violated
