"""Answer rules of detection benchmarks, one picture and one category at a time.

Upstream collects boxes of all pictures and lets COCO's evaluation average precision over them: `published_boxes` gives
those boxes. The two rules judge each answer by itself, so that every row has a score, too.
Columns: `boxes_xyxy_px` (true boxes), `width_px` and `height_px` (size of the picture).
Upstream: Liuziyu77/Visual-RFT@9486633 coco_evaluation/Qwen2_VL_coco_infere.py.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from rlvr.detections import UNREADABLE, answer_body, halved, iou, json_list, strict_list, without_duplicates
from rlvr.scoring.picture import Picture, pixels

THRESHOLDS = tuple(0.5 + 0.05 * step for step in range(10))
"""COCO's IoU thresholds, .50 to .95."""

ScoredBox = tuple[Sequence[float], float]
"""A box x1, y1, x2, y2 in pixels and its score."""


def published(
    completions: list[str],
    *,
    boxes_xyxy_px: list[list[list[float]]],
    width_px: list[int],
    height_px: list[int],
    **_: Any,
) -> list[float | None]:
    """Average precision over COCO's thresholds within the picture, of the boxes that upstream reads; None without any.

    Where there is nothing to find, reading no box is right.
    """
    scores: list[float | None] = []
    for text, truth, width, height in zip(completions, boxes_xyxy_px, width_px, height_px, strict=True):
        boxes = _as_corners(evaluated_boxes(text, height, width) or [])
        if not truth:
            scores.append(float(not boxes))
        else:
            readable = boxes or strict_list(text) is not None
            scores.append(average_precision(boxes, truth) if readable else None)
    return scores


def strict(
    completions: list[str],
    *,
    boxes_xyxy_px: list[list[list[float]]],
    width_px: list[int],
    height_px: list[int],
    **_: Any,
) -> list[float | None]:
    """F1 over COCO's thresholds of the list in the last answer tag, whatever its confidences; None in another form."""
    scores: list[float | None] = []
    for text, truth, width, height in zip(completions, boxes_xyxy_px, width_px, height_px, strict=True):
        found = strict_list(text)
        if found is None:
            scores.append(None)
            continue
        scores.append(mean_f1(_in_pixels(found, width, height), truth))
    return scores


def published_boxes(
    completions: list[str],
    *,
    boxes_xyxy_px: list[list[list[float]]],
    width_px: list[int],
    height_px: list[int],
    category: list[str],
    **_: Any,
) -> list[Picture]:
    """Boxes with their confidences, as upstream reads them; `category` is what each row asks for."""
    rows = zip(completions, boxes_xyxy_px, width_px, height_px, category, strict=True)
    return [
        _picture(_as_corners(evaluated_boxes(text, height, width) or []), truth, name)
        for text, truth, width, height, name in rows
    ]


def strict_boxes(
    completions: list[str],
    *,
    boxes_xyxy_px: list[list[list[float]]],
    width_px: list[int],
    height_px: list[int],
    category: list[str],
    **_: Any,
) -> list[Picture]:
    """Boxes of the list that the last answer tag consists of; none in another form."""
    rows = zip(completions, boxes_xyxy_px, width_px, height_px, category, strict=True)
    return [
        _picture(_in_pixels(strict_list(text) or [], width, height), truth, name)
        for text, truth, width, height, name in rows
    ]


def federated_boxes(
    completions: list[str],
    *,
    boxes_xyxy_px: list[list[list[float]]],
    width_px: list[int],
    height_px: list[int],
    category: list[str],
    checked: list[bool],
    exhaustive: list[bool],
    **_: Any,
) -> list[Picture]:
    """`published_boxes` by LVIS's rules: none where nobody `checked` for the class, and partly marked pictures so."""
    sizes = {"width_px": width_px, "height_px": height_px}
    pictures = published_boxes(completions, boxes_xyxy_px=boxes_xyxy_px, category=category, **sizes)
    return [_federated(*row) for row in zip(pictures, checked, exhaustive, strict=True)]


def federated_strict_boxes(
    completions: list[str],
    *,
    boxes_xyxy_px: list[list[list[float]]],
    width_px: list[int],
    height_px: list[int],
    category: list[str],
    checked: list[bool],
    exhaustive: list[bool],
    **_: Any,
) -> list[Picture]:
    """`strict_boxes` by LVIS's rules."""
    sizes = {"width_px": width_px, "height_px": height_px}
    pictures = strict_boxes(completions, boxes_xyxy_px=boxes_xyxy_px, category=category, **sizes)
    return [_federated(*row) for row in zip(pictures, checked, exhaustive, strict=True)]


def _federated(picture: Picture, checked: bool, exhaustive: bool) -> Picture:
    return replace(picture, found=picture.found if checked else (), exhaustive=exhaustive)


def evaluated_boxes(text: str, height_px: int, width_px: int) -> list[list[Any]] | None:
    """Upstream's reading of an answer: `[x, y, width, height, score]` in pixels; None where upstream raises.

    As in the rewards, but without line breaks from the start and without the prompt's literal `, ...`.
    """
    try:
        found = json_list(answer_body(halved(text).replace(", ...", "")))
        if found is None or type(found[0]) is str:
            return []
        boxes: list[list[Any]] = []
        for one in without_duplicates(found):
            x1, y1, x2, y2 = (number / 1000.0 for number in one["Position"])
            x1, y1, x2, y2 = x1 * width_px, y1 * height_px, x2 * width_px, y2 * height_px
            boxes.append([x1, y1, x2 - x1, y2 - y1, one["Confidence"]])
        return boxes
    except UNREADABLE:
        return None


def average_precision(found: Sequence[ScoredBox], truth: Sequence[Sequence[float]]) -> float:
    """COCO's 101-point average precision of one picture, averaged over the thresholds."""
    ranked = sorted(found, key=lambda box: box[1], reverse=True)
    return sum(_precision(_hits(ranked, truth, threshold), len(truth)) for threshold in THRESHOLDS) / len(THRESHOLDS)


def mean_f1(found: Sequence[ScoredBox], truth: Sequence[Sequence[float]]) -> float:
    """2 x matches over found and true boxes, averaged over the thresholds; 1 where both are none."""
    if not found and not truth:
        return 1.0
    ranked = sorted(found, key=lambda box: box[1], reverse=True)
    hits = sum(sum(_hits(ranked, truth, threshold)) for threshold in THRESHOLDS)
    return 2 * hits / (len(found) + len(truth)) / len(THRESHOLDS)


def _hits(ranked: Sequence[ScoredBox], truth: Sequence[Sequence[float]], threshold: float) -> list[bool]:
    """Whether each box, in order, finds a true box that is still free."""
    free = dict(enumerate(truth))
    hits = []
    for box, _ in ranked:
        overlaps = {number: iou(other, box) for number, other in free.items()}
        best = max(overlaps, key=lambda number: overlaps[number], default=None)
        hits.append(best is not None and overlaps[best] >= threshold)
        if best is not None and hits[-1]:
            del free[best]
    return hits


def _precision(hits: Sequence[bool], true_boxes: int) -> float:
    """Mean over 101 recalls of the best precision at that recall or beyond."""
    curve = []
    right = 0
    for rank, hit in enumerate(hits, start=1):
        right += hit
        curve.append((right / true_boxes, right / rank))
    recalls = [step / 100 for step in range(101)]
    return sum(max((p for reached, p in curve if reached >= recall - 1e-9), default=0.0) for recall in recalls) / 101


def _in_pixels(found: Sequence[ScoredBox], width: int, height: int) -> list[ScoredBox]:
    """Boxes in thousandths of the picture, in its pixels."""
    return [
        ((x1 * width / 1000, y1 * height / 1000, x2 * width / 1000, y2 * height / 1000), confidence)
        for (x1, y1, x2, y2), confidence in found
    ]


def _picture(found: Sequence[ScoredBox], truth: Sequence[Sequence[float]], name: str) -> Picture:
    """Boxes of one class in one picture; what cannot be pixels is left out."""
    given = [(pixels(box), float(score)) for box, score in found]
    return Picture(
        found=tuple((name, box, score) for box, score in given if box is not None),
        truth=tuple((name, box) for other in truth if (box := pixels(other)) is not None),
    )


def _as_corners(boxes: Sequence[Sequence[Any]]) -> list[ScoredBox]:
    """Boxes with a number for a score and finite corners, as x1, y1, x2, y2."""
    corners: list[ScoredBox] = []
    for x, y, width, height, score in boxes:
        if isinstance(score, int | float) and all(math.isfinite(number) for number in (x, y, width, height, score)):
            corners.append(((x, y, x + width, y + height), score))
    return corners
