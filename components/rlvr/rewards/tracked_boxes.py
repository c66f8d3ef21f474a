"""VideoChat-R1's tracking: mean overlap of eight boxes with the true ones, and the format that they must have.

Boxes are [x0, y0, x1, y1] in fractions of the picture's width and height, one for each of eight moments:

    <think>...</think><answer>[[0.1, 0.2, 0.5, 0.6], ...]</answer>

Neither range nor order of the corners is checked, as upstream. A score that is no finite number (infinite
coordinates) is 0 here. Upstream: OpenGVLab/VideoChat-R1@73b2ea9 src/open_r1/grpo_tasks.py. What is called `strict` is
ours.
"""

import ast
import math
import warnings
from collections.abc import Sequence
from typing import Any

from rlvr.rewards import think_format
from rlvr.rewards.glue_spans import first_block

BOXES = 8
"""Boxes of an answer."""
MAX_CHARACTERS = 16_384
"""Longest answer that is read; eight boxes take some 300 characters."""

Box = Sequence[float]


def iou(completions: list[str], *, boxes: Sequence[Sequence[Box] | None], **_: Any) -> list[float | None]:
    """Mean overlap of the first answer block's boxes; None for rows without true boxes."""
    return [
        None if truth is None else mean_overlap(written_boxes(text.replace("\n", "")), truth)
        for text, truth in zip(completions, boxes, strict=True)
    ]


def strict(completions: list[str], *, boxes: Sequence[Sequence[Box] | None], **_: Any) -> list[float | None]:
    """As `iou`, but every box must be four numbers within the picture with its corners in order."""
    return [
        None if truth is None else mean_overlap(found, truth) if found and all(map(_is_box, found)) else 0.0
        for found, truth in zip((written_boxes(text) for text in completions), boxes, strict=True)
    ]


def format(completions: list[str], **_: Any) -> list[float | None]:
    """1 for a think block, an answer block and nothing else, where the first answer block is eight lists of four."""
    formed = think_format.fullmatch([text.strip() for text in completions])
    return [
        float(right == 1 and written_boxes(text) is not None) for text, right in zip(completions, formed, strict=True)
    ]


def written_boxes(text: str) -> list[list[Any]] | None:
    """Eight lists of four things, from the first answer block; None for anything else."""
    block = (first_block(text, "answer") or "").replace("\n", "")
    if len(block) > MAX_CHARACTERS:
        return None
    try:
        with warnings.catch_warnings(action="ignore"):
            value = ast.literal_eval(block)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
    rows = isinstance(value, list) and len(value) == BOXES
    return value if rows and all(isinstance(box, list) and len(box) == 4 for box in value) else None


def mean_overlap(given: list[list[Any]] | None, truth: Sequence[Box]) -> float:
    """Mean over the boxes; 0 where the numbers of boxes differ or something is no number."""
    if given is None or len(given) != len(truth):
        return 0.0
    try:
        mean = sum(overlap(box, true) for box, true in zip(given, truth, strict=True)) / len(truth)
    except (TypeError, ValueError, OverflowError):
        return 0.0
    return mean if math.isfinite(mean) else 0.0


def overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes, as their corners stand; 0 where the union has no area."""
    width = max(0, min(one[2], other[2]) - max(one[0], other[0]))
    height = max(0, min(one[3], other[3]) - max(one[1], other[1]))
    common = width * height
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    union = areas[0] + areas[1] - common
    return common / union if union else 0.0


def _is_box(box: list[Any]) -> bool:
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in box)
    return numbers and 0 <= box[0] < box[2] <= 1 and 0 <= box[1] < box[3] <= 1
