r"""Lists of detections as Visual-RFT writes them: reading them, and matching them with the true boxes.

    <answer>[{'Position': [125, 250, 500, 625], 'Confidence': 0.9}]</answer>
    <answer>No Objects</answer>

Positions are x1, y1, x2, y2 in thousandths of the picture's width and height. `repaired_list` reads what upstream's
rewards read (with their repairs and their quirks), `strict_list` only the two forms above.
Upstream: Liuziyu77/Visual-RFT@9486633 src/virft/src/open_r1/grpo.py.
"""

import json
import re
from collections.abc import Sequence
from typing import Any

from rlvr.answers import last_answer_span, one_line_answer_span

UNREADABLE = (ArithmeticError, LookupError, RecursionError, TypeError, ValueError)
"""What the quirks below may raise on a model's text; upstream catches everything."""

MATCH_IOU = 0.5
"""A detection is a match only above this overlap."""

_BOX = (
    r"""\{\s*+['"]Position['"]\s*+:\s*+\[\s*+(\d{1,4})\s*+,\s*+(\d{1,4})\s*+,\s*+(\d{1,4})\s*+,\s*+(\d{1,4})\s*+\]\s*+,"""
    r"""\s*+['"]Confidence['"]\s*+:\s*+(0(?:\.\d{1,9})?|1(?:\.0{1,9})?)\s*+\}"""
)
_DETECTION = re.compile(_BOX, re.ASCII)
_DETECTIONS = re.compile(rf"\[\s*+{_BOX}(?:\s*+,\s*+{_BOX})*+\s*+\]", re.ASCII)

Detection = tuple[tuple[float, float, float, float], float]
"""A box and its confidence."""


def repaired_list(text: str) -> Any:
    """What upstream reads in a completion: mostly a list of dicts, but any JSON value; None for broken JSON.

    The first answer tag on one line counts, or the whole text. Doubled brackets are halved, line breaks dropped,
    quotes made double, and a list without its end is cut behind its last complete box (if there are two or more).
    """
    return json_list(halved(answer_body(text)))


def true_list(solution: str) -> Any:
    """What upstream reads in a row's solution, which it does not repair except for the end; None without a list."""
    _, opened, rest = solution.strip().partition("<answer>")
    return json_list(rest) if opened else None


def answer_body(text: str) -> str:
    """Content of the first answer tag on one line, or the whole text; stripped."""
    body = one_line_answer_span(text)
    return text.strip() if body is None else body


def halved(text: str) -> str:
    """Doubled brackets made single, line breaks dropped."""
    return text.replace("[[", "[").replace("]]", "]").replace("\n", "")


def json_list(body: str) -> Any:
    """The JSON value in front of any closing answer tag, quotes and a missing end mended; None for broken JSON."""
    body = body.partition("</answer>")[0]
    if not body.endswith("]"):
        body = body.rsplit("},", 1)[0] + "}]"
    try:
        return json.loads(body.replace("'", '"'))
    except json.JSONDecodeError:
        return None


def without_duplicates(found: Sequence[Any]) -> list[Any]:
    """The detections whose position has not stood before."""
    unique: dict[tuple[Any, ...], Any] = {}
    for one in found:
        unique.setdefault(tuple(one["Position"]), one)
    return list(unique.values())


def matches(found: Sequence[Any], truth: Sequence[Any]) -> list[tuple[float, Any]]:
    """IoU with the matched true box (0 without one) and confidence of every detection, the most confident first.

    Each takes the best true box that is still free, if their IoU is above `MATCH_IOU`.
    """
    free = dict(enumerate(truth))
    results: list[tuple[float, Any]] = []
    for one in sorted(found, key=lambda detection: detection["Confidence"], reverse=True):
        best, best_iou = -1, 0.0
        for number, other in free.items():
            if (overlap := iou(other["Position"], one["Position"])) > best_iou:
                best, best_iou = number, overlap
        if best_iou > MATCH_IOU:
            del free[best]
        results.append((best_iou if best_iou > MATCH_IOU else 0, one["Confidence"]))
    return results


def iou(one: Sequence[float], other: Sequence[float]) -> float:
    """Intersection over union of two boxes x1, y1, x2, y2; 0 where corners are in the wrong order."""
    (x1, y1, x2, y2), (u1, v1, u2, v2) = one, other
    left, top, right, bottom = max(x1, u1), max(y1, v1), min(x2, u2), min(y2, v2)
    if right <= left or bottom <= top:
        return 0.0
    shared = (right - left) * (bottom - top)
    return shared / ((x2 - x1) * (y2 - y1) + (u2 - u1) * (v2 - v1) - shared)


def strict_list(text: str) -> list[Detection] | None:
    """Detections of the last complete answer tag, which must hold a list of proper boxes or `No Objects` and no more.

    Coordinates are integers from 0 to 1000 with x1 < x2 and y1 < y2, confidences from 0 to 1; None otherwise.
    """
    body = last_answer_span(text)
    if body == "No Objects":
        return []
    if body is None or _DETECTIONS.fullmatch(body) is None:
        return None
    found: list[Detection] = []
    for match in _DETECTION.finditer(body):
        x1, y1, x2, y2 = (int(number) for number in match.groups()[:4])
        if not (x1 < x2 <= 1000 and y1 < y2 <= 1000):
            return None
        found.append(((x1, y1, x2, y2), float(match[5])))
    return found


def strict_matches(found: Sequence[Detection], truth: Sequence[Sequence[float]]) -> list[tuple[float, float]]:
    """As `matches`, for what `strict_list` reads; every further copy of a box is a detection without a match."""
    rows = [{"Position": box, "Confidence": confidence} for box, confidence in found]
    return matches(rows, [{"Position": box} for box in truth])
