"""Answer rules of VLM-R1's detection benchmarks: COCO's mAP of the fenced boxes.

Publications pool the boxes of all pictures before they average precision: that is what the functions with `boxes` in
their name are for. The other rules judge one picture at a time, so that every row has a score, too. Boxes are scaled
from the processor's grid to the original picture; all have the same score.
"""

from collections.abc import Callable
from typing import Any

from rlvr.answers import last_answer_span
from rlvr.picture_grid import grid_px
from rlvr.rewards import detection_map
from rlvr.rewards.detection_map import NOTHING, OPENING, boxes
from rlvr.rewards.referring_iou import rescaled
from rlvr.scoring import ground_truth_nms
from rlvr.scoring.coco_map import average_precision
from rlvr.scoring.picture import Picture, pixels
from rlvr.spans import last_answer

Items = list[dict[str, Any]]


def published(
    completions: list[str], *, solution: list[str], width_px: list[int], height_px: list[int], **_: Any
) -> list[float | None]:
    """The mAP of the boxes in the last fenced block; None where an answer has neither a block nor the word None."""
    return _scores(completions, solution, width_px, height_px, lambda predicted, truth: predicted)


def published_nms(
    completions: list[str], *, solution: list[str], width_px: list[int], height_px: list[int], **_: Any
) -> list[float | None]:
    """The same after OVDEval's suppression: of all boxes around a true one the last is kept, whatever its label."""
    return _scores(completions, solution, width_px, height_px, _suppressed)


def strict(
    completions: list[str], *, solution: list[str], width_px: list[int], height_px: list[int], **_: Any
) -> list[float | None]:
    """The mAP, less for more boxes than there are; the last answer must be the fenced list or None, nothing else."""
    scores = published(completions, solution=solution, width_px=width_px, height_px=height_px)
    judged: list[float | None] = []
    for text, truth, score in zip(completions, solution, scores, strict=True):
        given, wanted = last_answer_span(text) or "", boxes(truth) or []
        count = len(boxes(given) or [])
        exact = detection_map.is_exact(given) and score is not None
        judged.append(score * min(1.0, len(wanted) / count) if exact and count and score else score if exact else None)
    return judged


def published_boxes(
    completions: list[str], *, solution: list[str], width_px: list[int], height_px: list[int], **_: Any
) -> list[Picture]:
    """The boxes of the last fenced block of the last answer."""
    rows = zip(completions, solution, width_px, height_px, strict=True)
    return [_picture(last_answer(text) or "", truth, (width, height)) for text, truth, width, height in rows]


def published_nms_boxes(
    completions: list[str], *, solution: list[str], width_px: list[int], height_px: list[int], **_: Any
) -> list[Picture]:
    """The same after OVDEval's suppression around true boxes."""
    rows = zip(completions, solution, width_px, height_px, strict=True)
    return [
        _picture(last_answer(text) or "", truth, (width, height), _suppressed) for text, truth, width, height in rows
    ]


def strict_boxes(
    completions: list[str], *, solution: list[str], width_px: list[int], height_px: list[int], **_: Any
) -> list[Picture]:
    """The boxes of a last answer that is the fenced list and nothing else; none in another form."""
    answers = [last_answer_span(text) or "" for text in completions]
    rows = zip(answers, solution, width_px, height_px, strict=True)
    return [
        _picture(answer if detection_map.is_exact(answer) else "", truth, (width, height))
        for answer, truth, width, height in rows
    ]


def _picture(
    answer: str, truth: str, size: tuple[int, int], select: Callable[[Items, Items], Items] | None = None
) -> Picture:
    wanted = boxes(truth) or []
    predicted = _in_picture(boxes(answer) or [], grid_px(*size), size)
    if select is not None:
        predicted = select(predicted, wanted)
    given = [(item.get("label"), pixels(item["bbox_2d"])) for item in predicted]
    there = [(str(item["label"]), pixels(item["bbox_2d"])) for item in wanted]
    return Picture(
        found=tuple((label, box, 1.0) for label, box in given if isinstance(label, str) and box is not None),
        truth=tuple((label, box) for label, box in there if box is not None),
    )


def _scores(
    completions: list[str],
    solution: list[str],
    widths: list[int],
    heights: list[int],
    select: Callable[[Items, Items], Items],
) -> list[float | None]:
    scores: list[float | None] = []
    for text, truth, width, height in zip(completions, solution, widths, heights, strict=True):
        given, wanted = last_answer(text) or "", boxes(truth) or []
        listed = boxes(given)
        if listed is None or (OPENING not in given and given != NOTHING):
            scores.append(None)
        elif not listed or not wanted:
            scores.append(float(len(listed) == len(wanted)))
        else:
            predicted = _in_picture(listed, grid_px(width, height), (width, height))
            found = average_precision(select(predicted, wanted), wanted)
            scores.append(None if found is None else max(0.0, found[0]))
    return scores


def _in_picture(listed: list[Any], grid: tuple[int, int], picture: tuple[int, int]) -> Items:
    """The items that are boxes of four numbers, in pixels of the original picture."""
    items = []
    for item in listed:
        box = item.get("bbox_2d") if isinstance(item, dict) else None
        if isinstance(box, list) and len(box) == 4 and all(type(n) in (int, float) and abs(n) < 1e8 for n in box):
            items.append({**item, "bbox_2d": list(rescaled(box, grid, picture))})
    return items


def _suppressed(predicted: Items, truth: Items) -> Items:
    around, found = ([_xywh(item["bbox_2d"]) for item in items] for items in (truth, predicted))
    return [predicted[place] for place in ground_truth_nms.kept(around, found, [1.0] * len(found))]


def _xywh(box: list[float]) -> list[float]:
    return [box[0], box[1], box[2] - box[0], box[3] - box[1]]
