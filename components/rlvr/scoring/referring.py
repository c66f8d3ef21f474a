"""Answer rules of VLM-R1's referring expression benchmarks: IoU above 0.5 with the true box.

`published` is test_rec_r1.py@90052f4: the LAST integer box that stands between braces in the first answer tag (the
reward takes the first). `first_number_box` is what test_rec_baseline.py reads of models that were not trained with
tags: the first box of any numbers anywhere. `strict` reads the last answer tag, which must hold one JSON box alone.
"""

import math
import re
from collections import deque
from collections.abc import Sequence
from typing import Any

from rlvr.answers import last_answer_span
from rlvr.picture_grid import grid_px
from rlvr.rewards import referring_iou
from rlvr.rewards.referring_iou import INTEGER_BOX, Size, iou, rescaled
from rlvr.spans import first

NUMBER_BOX = re.compile(r"\[\s*+N,\s*+N,\s*+N,\s*+N\]".replace("N", r"(-?+(?:\d++(?:\.\d++)?+|\.\d++))\s*+"))
"""Four numbers with optional sign and fraction."""


def published(
    completions: list[str],
    *,
    boxes_xyxy_px: list[list[list[float]]],
    width_px: list[int],
    height_px: list[int],
    **_: Any,
) -> list[float | None]:
    """1 when the last box in braces, scaled to the original picture, overlaps the true one by more than half."""
    scores: list[float | None] = []
    for text, boxes, width, height in zip(completions, boxes_xyxy_px, width_px, height_px, strict=True):
        box = last_braced_box(text)
        found = None if box is None else judged(box, boxes[0], grid_px(width, height), (width, height))
        scores.append(None if box is None else found[0] if found else 0.0)
    return scores


def per_mille_published(completions: list[str], *, solution: list[str], **_: Any) -> list[float | None]:
    """The same for answers and truths in thousandths (test_rec_r1_internvl.py): the first box of the first answer."""
    spans = [first(text, "<answer>", "</answer>") or "" for text in completions]
    scores = referring_iou.per_mille(completions, solution=solution)
    return [
        None if score is None or INTEGER_BOX.search(span) is None else float(score > 0.5)
        for span, score in zip(spans, scores, strict=True)
    ]


def strict(
    completions: list[str], *, solution: list[str], width_px: list[int], height_px: list[int], **_: Any
) -> list[float | None]:
    """1 when the only box of the last answer tag overlaps the true one by more than half."""
    scores = referring_iou.strict(completions, solution=solution, width_px=width_px, height_px=height_px)
    unread = [referring_iou.only_box(last_answer_span(text) or "") is None for text in completions]
    return [
        None if missing or score is None else float(score > 0.5) for missing, score in zip(unread, scores, strict=True)
    ]


def per_mille_strict(completions: list[str], *, solution: list[str], **_: Any) -> list[float | None]:
    """`strict` for thousandths, which need no rescaling: a picture of 28 x 28 grid cells is its own grid."""
    sides = [1008] * len(completions)
    return strict(completions, solution=solution, width_px=sides, height_px=sides)


def last_braced_box(text: str) -> list[int] | None:
    """The last integer box between the first opening and the last closing brace of the first answer."""
    answer = first(text, "<answer>", "</answer>") or ""
    start, end = answer.find("{"), answer.rfind("}")
    boxes = deque(INTEGER_BOX.finditer(answer, max(start, 0), max(end, 0)), maxlen=1)
    try:
        return [int(number) for number in boxes[0].groups()] if boxes and start >= 0 else None
    except ValueError:  # more digits than Python reads
        return None


def first_number_box(text: str) -> list[float] | None:
    """The first box of any numbers anywhere in the text."""
    found = NUMBER_BOX.search(text)
    return [float(number) for number in found.groups()] if found else None


def judged(box: Sequence[float], truth: Sequence[float], grid: Size, picture: Size) -> tuple[float, list[float]] | None:
    """Score and rescaled box; None where upstream's evaluation would stop (no area at all, numbers too large)."""
    try:
        scaled = list(rescaled(box, grid, picture))
        overlap = iou(scaled, truth)
    except (ArithmeticError, IndexError):
        return None
    return (float(overlap > 0.5), scaled) if all(map(math.isfinite, [overlap, *scaled])) else None
