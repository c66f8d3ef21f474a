"""Whether boxes and time spans that a row gives as its answer can be true: order, frame, and more than everything.

A frame says what a box's numbers count: pixels of the row's first picture, thousandths of its sides, or fractions of
them. Rows carry boxes in `boxes_xyxy_px` (pixels), or in an answer whose kind declares the frame (`FRAMES`).

    box_fault([90, 20, 30, 40], (100, 100))  ->  "x1 = 90 is not less than x2 = 30"
"""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rlvr.data.rows import Row
from rlvr.detections import true_list

Box = Sequence[float]
"""x1, y1, x2, y2."""

SLACK = 0.001
"""Part of a side by which a box may stick out, and within which it counts as the whole picture; a pixel at least."""

MOST_BOXES = 10_000
"""Boxes of one row that are looked at."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """What the numbers of a box count."""

    name: str
    """As people read it."""
    sides: tuple[float, float] | None
    """Width and height in these units; None takes the picture's own."""
    boxes: Callable[[Row], list[Box]]
    """The boxes of a row; anything raised counts as boxes that cannot be read."""


def _tracked(row: Row) -> list[Box]:
    boxes: list[Box] = json.loads(row["answer"])
    return boxes


def _detected(row: Row) -> list[Box]:
    solution = json.loads(row.get("extra") or "{}").get("solution", row["answer"])
    tagged = solution if "<answer>" in solution else f"<answer>{solution}</answer>"
    return [item["Position"] for item in true_list(tagged) or []]


def _in_pixels(row: Row) -> list[Box]:
    return list(row.get("boxes_xyxy_px") or [])


PIXELS = Frame(name="pixels", sides=None, boxes=_in_pixels)
"""Frame of `boxes_xyxy_px`."""

FRAMES = {
    "tracked_boxes": Frame(name="fractions", sides=(1.0, 1.0), boxes=_tracked),
    "detections": Frame(name="thousandths", sides=(1000.0, 1000.0), boxes=_detected),
}
"""`answer_kind` -> the frame of the boxes in the answer, for rows without `boxes_xyxy_px`."""


def box_facts(row: Row, size_px: tuple[int, int] | None) -> dict[str, Any]:
    """`boxes` (how many), `box_fault` (what is wrong with the first bad one) and `box_whole` (one is the picture).

    All null for rows without boxes, and `box_whole` and the outer bounds unjudged without a picture (`size_px`).
    """
    nothing = {"boxes": None, "box_fault": None, "box_whole": None}
    frame = PIXELS if row.get("boxes_xyxy_px") else FRAMES.get(row["answer_kind"])
    if frame is None:
        return nothing
    try:
        boxes = frame.boxes(row)[:MOST_BOXES]
        faults = [fault for box in boxes if (fault := box_fault(box, frame.sides or size_px))]
    except Exception as error:  # an answer of any form whatever
        return nothing | {"box_fault": f"boxes cannot be read ({type(error).__name__})"}
    if not boxes:
        return nothing
    whole = any(_is_whole(box, frame.sides or size_px) for box in boxes) if not faults else False
    return {"boxes": len(boxes), "box_fault": f"{faults[0]} ({frame.name})" if faults else "", "box_whole": whole}


def box_fault(box: Box, sides: tuple[float, float] | None) -> str:
    """Why a box cannot be true in a frame of these sides; empty when it can."""
    if len(box) != 4:
        return f"a box has 4 numbers, this one {len(box)}"
    if not all(math.isfinite(number) for number in box):
        return f"{[*box]} are not all finite"
    for name, low, high in (("x", box[0], box[2]), ("y", box[1], box[3])):
        if low >= high:
            return f"{name}1 = {low:g} is not less than {name}2 = {high:g}"
    for name, low, high, side in zip("xy", box[:2], box[2:], sides or (math.inf, math.inf), strict=True):
        slack = _slack(side)
        if low < -slack or high > side + slack:
            return f"{name} = {low:g} to {high:g} lies outside 0 to {side:g}"
    return ""


def _is_whole(box: Box, sides: tuple[float, float] | None) -> bool:
    if sides is None:
        return False
    edges = zip(box[:2], box[2:], sides, strict=True)
    return all(low <= _slack(side) and high >= side - _slack(side) for low, high, side in edges)


def _slack(side: float) -> float:
    """A pixel of a picture's side, a thousandth of any other."""
    return max(1.0, SLACK * side) if side > 1 else SLACK


def span_facts(row: Row) -> dict[str, Any]:
    """`span_fault` (order) and `span_beyond_seconds` (how far the end lies behind the video's); null without a span."""
    span = row.get("span_seconds")
    if not span:
        return {"span_fault": None, "span_beyond_seconds": None}
    fault = span_fault(span)
    try:
        duration = float(json.loads(row.get("extra") or "{}")["duration_seconds"])
    except (ValueError, TypeError, KeyError):
        return {"span_fault": fault, "span_beyond_seconds": None}
    return {"span_fault": fault, "span_beyond_seconds": max(0.0, max(span) - duration)}


def span_fault(span: Sequence[float]) -> str:
    """Why a span of seconds cannot be true, whatever the video; empty when it can."""
    if len(span) != 2 or not all(math.isfinite(second) for second in span):
        return f"a span has 2 finite seconds, this one is {[*span]}"
    start, end = span
    return "" if 0 <= start < end else f"0 <= {start:g} < {end:g} does not hold"
