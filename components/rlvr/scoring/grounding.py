"""Answer rules of LISA's ReasonSeg: IoU with the true box; the published figure is their mean (mIoU).

`box_unit` is the true box x1, y1, x2, y2 in fractions of the picture's width and height.
Upstream: Liuziyu77/Visual-RFT@9486633 lisa_evaluation/Qwen2_VL_lisa_infere.py.
"""

from collections.abc import Sequence
from typing import Any

from rlvr.detections import iou
from rlvr.rewards.grounding_giou import BOX, strict_box


def published(completions: list[str], *, box_unit: list[list[float]], **_: Any) -> list[float | None]:
    """IoU of the first box anywhere in the text (upstream counts a missing one as 0); None without one."""
    return [first_box_iou(text, truth) for text, truth in zip(completions, box_unit, strict=True)]


def strict(completions: list[str], *, box_unit: list[list[float]], **_: Any) -> list[float | None]:
    """IoU of the one proper box that the last complete answer tag consists of; None without one."""
    boxes = [strict_box(text) for text in completions]
    return [
        None if box is None else iou([number / 1000 for number in box], truth)
        for box, truth in zip(boxes, box_unit, strict=True)
    ]


def first_box_iou(text: str, truth: Sequence[float]) -> float | None:
    """Upstream's IoU, which adds a millionth to the union; corners in the wrong order give 0."""
    match = BOX.search(text)
    if match is None:
        return None
    try:
        x1, y1, x2, y2 = (int(number) / 1000 for number in match.groups())
        u1, v1, u2, v2 = truth
        shared = max(0, min(x2, u2) - max(x1, u1)) * max(0, min(y2, v2) - max(y1, v1))
        union = (x2 - x1) * (y2 - y1) + (u2 - u1) * (v2 - v1) - shared
        return shared / (union + 1e-6) if shared else 0.0
    except (ArithmeticError, ValueError):  # numbers of hundreds of digits
        return None
