"""Metrics of boxes, points and angles, all between 0 and 1 of the picture's sides but the angles.

Rules: MEGA-Bench, metrics/scoring.
"""

import math
from collections.abc import Sequence
from typing import Any

from rlvr.detections import iou
from rlvr.scoring.mega_bench.collections import by_key
from rlvr.scoring.mega_bench.values import Box, boxes, items, literal, points, tagged_boxes, tagged_point

LARGEST_ERROR = 0.1
"""Error of a number at and above which it scores 0."""

LARGEST_ANGLE_ERROR = 10.0
"""Mean error of a sequence of angles, in degrees, at and above which it scores 0."""

DECAY = 10.0
"""How fast the score of a key point falls with its distance over the diagonal."""


def best_overlaps(said: Any, truth: Any) -> float:
    """Mean over the given boxes of the best overlap with a true one."""
    return _best(boxes(said), boxes(truth))


def overlap(said: Any, truth: Any) -> float:
    """Overlap of one box with the true one."""
    given, wanted = boxes(said), boxes(truth)
    return iou(given[0], wanted[0]) if len(given) == len(wanted) == 1 else 0.0


def overlaps_in_order(said: Any, truth: Any) -> float:
    """Mean overlap of boxes in the same places of two sequences; 0 for another length."""
    given, wanted = boxes(said), boxes(truth)
    if len(given) != len(wanted) or not wanted:
        return 0.0
    return sum(iou(one, other) for one, other in zip(given, wanted, strict=True)) / len(wanted)


def dict_best_overlaps(said: Any, truth: Any) -> float:
    """`best_overlaps` by key."""
    return by_key(best_overlaps, said, truth)


def tagged_overlap(said: Any, truth: Any) -> float:
    """`best_overlaps` of boxes between tags."""
    return _best(tagged_boxes(said) or boxes(said), tagged_boxes(truth) or boxes(truth))


def point_distance(said: Any, truth: Any) -> float:
    """One less the distance of two points between tags, at least 0; both must lie in the picture."""
    given, wanted = tagged_point(said), tagged_point(truth)
    if given is None or wanted is None or not all(0 <= value <= 1 for value in (*given, *wanted)):
        return 0.0
    return max(0.0, 1 - math.dist(given, wanted))


def point_in_boxes(said: Any, truth: Any) -> float:
    """1 when the point between tags lies in one of the true boxes."""
    given = tagged_point(said)
    places = [box for text in truth for box in boxes(text)] if isinstance(truth, list) else []
    return float(given is not None and any(x1 <= given[0] <= x2 and y1 <= given[1] <= y2 for x1, y1, x2, y2 in places))


def key_points(said: Any, truth: Any) -> float:
    """Mean over key points of an exponential of the distance; 0 for another number of points."""
    given, wanted = points(said), points(truth)
    if len(given) != len(wanted) or not wanted:
        return 0.0
    distances = [math.dist(one, other) / math.sqrt(2) for one, other in zip(given, wanted, strict=True)]
    return sum(math.exp(-DECAY * distance) for distance in distances) / len(distances)


def error_of_number(said: Any, truth: Any) -> float:
    """One less the error over `LARGEST_ERROR`, at least 0."""
    given, wanted = (value if isinstance(value, int | float) else literal(value) for value in (said, truth))
    if not all(isinstance(value, int | float) for value in (given, wanted)):
        return 0.0
    return max(0.0, 1.0 - float(min(abs(given - wanted), LARGEST_ERROR)) / LARGEST_ERROR)


def error_of_angles(said: Any, truth: Any) -> float:
    """One less the mean error over `LARGEST_ANGLE_ERROR`, at least 0; 0 for another length."""
    given, wanted = items(said), items(truth)
    numbers = all(isinstance(value, int | float) for value in (*given, *wanted))
    if len(given) != len(wanted) or not wanted or not numbers:
        return 0.0
    error = sum(min(abs(one - other), 1e9) for one, other in zip(given, wanted, strict=True)) / len(wanted)
    return max(0.0, 1.0 - float(min(error, LARGEST_ANGLE_ERROR)) / LARGEST_ANGLE_ERROR)


def _best(given: Sequence[Box], wanted: Sequence[Box]) -> float:
    return sum(max((iou(box, true) for true in wanted), default=0.0) for box in given) / len(given) if given else 0.0
