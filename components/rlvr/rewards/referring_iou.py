"""Overlap of one predicted box with the true one, as VLM-R1 rewards referring expression comprehension.

    solution "<answer> [10, 12, 50, 60] </answer>"   ... <answer>{"bbox_2d": [11, 12, 50, 60]}</answer>   ->  0.975

| function | upstream | frame of the answer | score |
|---|---|---|---|
| `soft` | qwen_module.py@90052f4 | pixels of the processor's grid, scaled to the original picture | IoU |
| `hard` | grpo_rec.py@a301eb2 (v0.1.0) | taken for pixels of the original picture | 1 above 0.5 |
| `per_mille` | internvl_module.py@90052f4 | thousandths of the picture's sides, as the truth | IoU |
| `strict` | ours | as `soft` | IoU |

The answer is the first `[int, int, int, int]` of the first answer tag: no fractions, no minus, no blanks inside the
brackets. Boxes of which only a single row or column of pixels overlaps count as apart.
"""

import json
import re
from collections.abc import Sequence
from typing import Any

from rlvr.answers import last_answer_span
from rlvr.picture_grid import grid_px
from rlvr.spans import first, last_answer

INTEGER_BOX = re.compile(r"\[(\d++),\s*+(\d++),\s*+(\d++),\s*+(\d++)\]")
"""Four integers of any script, in VLM-R1's spelling."""

Size = tuple[int, int]
"""Width and height in pixels."""

STRICT_CHARACTERS = 1000
"""Longest answer that `strict` reads; a box has some forty."""


def soft(
    completions: list[str], *, solution: list[str], width_px: list[int], height_px: list[int], **_: Any
) -> list[float | None]:
    """IoU of the first box, scaled from the processor's grid to the picture; None where the truth is no JSON box."""
    return [
        rescaled_iou(text, truth, grid_px(width, height), (width, height))
        for text, truth, width, height in zip(completions, solution, width_px, height_px, strict=True)
    ]


def hard(completions: list[str], *, boxes_xyxy_px: list[list[list[float]]], **_: Any) -> list[float | None]:
    """1 when the unscaled first box overlaps the true one by more than half."""
    return [float(first_iou(text, boxes[0]) > 0.5) for text, boxes in zip(completions, boxes_xyxy_px, strict=True)]


def per_mille(completions: list[str], *, solution: list[str], **_: Any) -> list[float | None]:
    """IoU of the first box with the truth, both in thousandths; None where the truth is no JSON."""
    return [
        None if box is None else first_iou(text, box)
        for text, box in ((text, true_box(truth)) for text, truth in zip(completions, solution, strict=True))
    ]


def strict(
    completions: list[str], *, solution: list[str], width_px: list[int], height_px: list[int], **_: Any
) -> list[float | None]:
    """IoU of the only box of the last answer tag, which must be one JSON object with `bbox_2d` and nothing else.

    Closes the holes of `soft`: several boxes of which the first counts, boxes outside JSON, text around it.
    """
    scores: list[float | None] = []
    for text, truth, width, height in zip(completions, solution, width_px, height_px, strict=True):
        box, wanted = only_box(last_answer_span(text) or ""), true_box(truth)
        size = (width, height)
        scores.append(None if wanted is None else _iou_or_zero(box and rescaled(box, grid_px(*size), size), wanted))
    return scores


def rescaled_iou(text: str, truth: str, grid: Size, picture: Size) -> float | None:
    """`soft` for one text with a known grid."""
    wanted = true_box(truth)
    return None if wanted is None else first_iou(text, wanted, grid, picture)


def first_iou(text: str, wanted: Any, grid: Size = (1, 1), picture: Size = (1, 1)) -> float:
    """Overlap of the first box of the first answer; 0 where there is none, or where upstream's arithmetic fails."""
    found = INTEGER_BOX.search(first(text, "<answer>", "</answer>") or "")
    try:
        return iou(rescaled([int(number) for number in found.groups()], grid, picture), wanted) if found else 0.0
    except (ArithmeticError, ValueError, IndexError, TypeError, KeyError):
        return 0.0


def true_box(truth: str) -> Any:
    """The JSON of the truth's last answer tag; None where upstream would raise."""
    try:
        return json.loads(last_answer(truth) or "")
    except ValueError:
        return None


def rescaled(box: Sequence[float], grid: Size, picture: Size) -> Sequence[float]:
    """A box in pixels of `grid` as one in pixels of `picture`; the box itself (integers stay) where both are (1, 1)."""
    if grid == picture == (1, 1):
        return box
    return [number / grid[place % 2] * picture[place % 2] for place, number in enumerate(box)]


def iou(one: Sequence[float], other: Sequence[float]) -> float:
    """Intersection over union of two boxes [x1, y1, x2, y2]; less than two pixels in common, either way, are none.

    Raises what upstream raises: ZeroDivisionError without any area, IndexError for fewer than four numbers.
    """
    left, top = max(one[0], other[0]), max(one[1], other[1])
    right, bottom = min(one[2] - 1, other[2] - 1), min(one[3] - 1, other[3] - 1)
    shared = (right - left + 1) * (bottom - top + 1) if left < right and top < bottom else 0
    areas = (one[2] - one[0]) * (one[3] - one[1]) + (other[2] - other[0]) * (other[3] - other[1])
    return float(shared) / (areas - shared)


def _iou_or_zero(box: Sequence[float] | None, wanted: Any) -> float:
    try:
        return iou(box, wanted) if box else 0.0
    except (ArithmeticError, IndexError, TypeError, KeyError):
        return 0.0


def only_box(answer: str) -> list[float] | None:
    """The box of an answer that is one JSON object with four ordered numbers, a list around it allowed."""
    try:
        data = json.loads(answer) if len(answer) <= STRICT_CHARACTERS else None
    except (ValueError, RecursionError):
        return None
    if isinstance(data, list) and len(data) == 1:
        data = data[0]
    box = data.get("bbox_2d") if isinstance(data, dict) else None
    if not (isinstance(box, list) and len(box) == 4 and all(type(number) in (int, float) for number in box)):
        return None
    return box if 0 <= box[0] < box[2] < 1e6 and 0 <= box[1] < box[3] < 1e6 else None
