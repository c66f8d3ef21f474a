"""Curr-ReFT's reading of a box `[x1, y1, x2, y2]` in absolute pixels, and its overlap measure.

    last_box('{"bbox_2d": [10.7, 20, 110, 220]}')  ->  (10, 20, 110, 220)

Numbers are cut to integers, so a box in fractions of the picture collapses to zeros. The overlap counts pixels up to
x2 - 1 and y2 - 1 and needs at least two in each direction: a box of one pixel has no overlap with itself.
Upstream: ding523/Curr_REFT@f123433 src/open_r1/Stage3_open_math_resize.py; linear time on any text.
"""

import re

Box = tuple[int, int, int, int]

EMPTY: Box = (0, 0, 0, 0)
"""What upstream reads where there is no box."""

NUMBER = r"\s*+(-?(?:\d*+\.\d++|\d++))\s*+"
BOX = re.compile(rf"\[{','.join([NUMBER] * 4)}\]")


def last_box(text: str) -> Box | None:
    """The last box in the text, blanks left out of account; `EMPTY` without one, None where a number is infinite."""
    packed = text.replace(" ", "")
    place = packed.rfind("[")
    while place >= 0:
        if found := BOX.match(packed, place):
            return _integers(found)
        place = packed.rfind("[", 0, place)
    return EMPTY


def first_box(text: str) -> Box | None:
    """The first box in the text; `EMPTY` without one, None where a number is infinite."""
    found = BOX.search(text)
    return _integers(found) if found else EMPTY


def overlap(one: Box, other: Box) -> float:
    """Intersection over union, as upstream counts pixels; 0 where both boxes are empty (upstream divides by 0)."""
    left, top = max(one[0], other[0]), max(one[1], other[1])
    right, bottom = min(one[2], other[2]) - 1, min(one[3], other[3]) - 1
    shared = (right - left + 1) * (bottom - top + 1) if left < right and top < bottom else 0
    union = _area(one) + _area(other) - shared
    return shared / union if union else 0.0


def _area(box: Box) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _integers(found: re.Match[str]) -> Box | None:
    try:
        x1, y1, x2, y2 = (int(float(number)) for number in found.groups())
    except (ValueError, OverflowError):
        return None
    return x1, y1, x2, y2
