"""COCO's mean average precision on one picture, where every prediction has the same score.

    boxes = [{"bbox_2d": [0, 0, 9, 9], "label": "cat"}];  average_precision(boxes, boxes)  ->  (1, 1)

The work is faster-coco-eval's, which equals pycocotools. As in VLM-R1 (grpo_jsonl.py@90052f4) only classes of the truth
count, so a prediction with another label costs nothing; of each class the first 100 boxes count.
"""

from collections.abc import Sequence
from typing import Any

LARGEST_PX = 1e8
"""Coordinates beyond this are no pixels; COCO's arithmetic overflows far above."""

MAX_DETECTIONS = 100
"""Boxes a class that COCO looks at."""


def average_precision(predicted: Sequence[Any], truth: Sequence[Any]) -> tuple[float, float] | None:
    """The mAP over IoU 0.5 to 0.95, and AP at 0.5; None where the truth is not a list of boxes with labels.

    Predictions that are not `{"bbox_2d": [x1, y1, x2, y2], "label": ...}` are passed over. Without any left, 0.
    """
    classes: dict[Any, int] = {}
    wanted = []
    for item in truth:
        try:
            place = classes.setdefault(item["label"], len(classes))
            wanted.append(_annotation(item["bbox_2d"], place))
        except (TypeError, KeyError, IndexError, ValueError):
            return None
    seen = dict.fromkeys(classes.values(), 0)
    found = []
    for item in predicted:
        try:
            annotation = _annotation(item["bbox_2d"], classes[item["label"]])
        except (TypeError, KeyError, IndexError, ValueError):
            continue
        seen[annotation["category_id"]] += 1
        if seen[annotation["category_id"]] <= MAX_DETECTIONS:
            found.append(annotation | {"score": 1.0})
    return _evaluated(found, wanted, len(classes)) if found else (0.0, 0.0)


def _annotation(box: Any, place: int) -> dict[str, Any]:
    """COCO's form of a box: [x, y, width, height]."""
    x1, y1, x2, y2 = (box[corner] - 0 for corner in range(4))
    if not all(abs(number) < LARGEST_PX for number in (x1, y1, x2, y2)):  # no huge number, infinity or NaN
        raise ValueError("no pixel coordinates")
    return {"image_id": 0, "category_id": place, "bbox": [x1, y1, x2 - x1, y2 - y1], "area": (x2 - x1) * (y2 - y1)}


def _evaluated(found: list[dict[str, Any]], wanted: list[dict[str, Any]], classes: int) -> tuple[float, float]:
    from faster_coco_eval import COCO, COCOeval_faster

    truth = COCO(
        {
            "images": [{"id": 0, "width": 2048, "height": 2048}],
            "categories": [{"id": place, "name": str(place)} for place in range(classes)],
            "annotations": [item | {"id": place, "iscrowd": 0} for place, item in enumerate(wanted, start=1)],
        }
    )
    evaluation = COCOeval_faster(truth, truth.loadRes(found), "bbox", print_function=_silent)
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    return float(evaluation.stats[0]), float(evaluation.stats[1])


def _silent(*_: Any) -> None:
    """COCO prints its table."""
