"""COCO's average precision over many pictures together, as detection benchmarks publish it.

Boxes of all pictures are ranked by their scores, class by class; precision is averaged over 101 recalls, ten IoU
thresholds (0.50 to 0.95) and the classes that have a true box. It is not the mean of the pictures' own APs.

`average_precision` is faster-coco-eval's, which equals pycocotools; it is the number that is reported.
`Ranking` computes the same from matches that are made once, for pictures that count several times or not at all: a
bootstrap of a thousand draws then takes seconds.

LVIS judges a class in pictures alone that were checked for it, leaves found boxes out of account that meet no true one
where not all are marked (`Picture.exhaustive`), and takes 300 boxes of a picture instead of 100 of a class. A row here
asks about one class, so that 300 of a picture are 300 of the class.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from rlvr.scoring.picture import Box, Picture

THRESHOLDS = np.linspace(0.5, 0.95, 10)
"""COCO's IoU thresholds."""

RECALLS = np.linspace(0.0, 1.0, 101)
"""Recalls at which precision is read."""

LARGEST_AREA = 1e10
"""Area in square pixels above which COCO leaves a box out of account, as it does boxes of negative area."""

MOST, MOST_OF_LVIS = 100, 300
"""Boxes of one class that count in one picture, by COCO and by LVIS."""


def average_precision(pictures: Sequence[Picture]) -> float:
    """AP in [0, 1]; 0 where there is a true box but no box was found, and where there is no true box at all.

    With a picture that is not exhaustive it is LVIS's, else COCO's.
    """
    from faster_coco_eval import COCO, COCOeval_faster

    labels = sorted({label for picture in pictures for label, _ in picture.truth})
    places = {label: place for place, label in enumerate(labels, start=1)}
    truth = [
        {**_coco(number, places[label], box), "iscrowd": 0}
        for number, picture in enumerate(pictures)
        for label, box in picture.truth
    ]
    found = [
        {**_coco(number, places[label], box), "score": score}
        for number, picture in enumerate(pictures)
        for label, box, score in picture.found
        if label in places
    ]
    if not found or not truth:
        return 0.0
    wanted = COCO(
        {
            "images": [_image(number, picture, list(places.values())) for number, picture in enumerate(pictures)],
            "categories": [{"id": place, "name": label, "frequency": "f"} for label, place in places.items()],
            "annotations": [item | {"id": number} for number, item in enumerate(truth, start=1)],
        }
    )
    lvis = not all(picture.exhaustive for picture in pictures)
    evaluation = COCOeval_faster(wanted, wanted.loadRes(found), "bbox", print_function=_silent, lvis_style=lvis)
    evaluation.params.maxDets = [1, 10, MOST_OF_LVIS if lvis else MOST]
    evaluation.evaluate()
    evaluation.accumulate()
    precision = evaluation.eval["precision"][:, :, :, 0, -1]  # thresholds, recalls, classes; all areas, most boxes
    return float(precision[precision > -1].mean())


class Ranking:
    """Every box of all pictures, ranked and matched, class by class."""

    def __init__(self, pictures: Sequence[Picture]) -> None:
        wanted: dict[str, dict[int, list[Box]]] = defaultdict(lambda: defaultdict(list))
        given: dict[str, dict[int, list[tuple[Box, float]]]] = defaultdict(lambda: defaultdict(list))
        for number, picture in enumerate(pictures):
            for label, box in picture.truth:
                wanted[label][number].append(box)
            for label, box, score in picture.found:
                given[label][number].append((box, score))
        partly = {number for number, picture in enumerate(pictures) if not picture.exhaustive}
        self.classes = [_Class(wanted[label], given.get(label, {}), partly) for label in sorted(wanted)]

    def __call__(self, weights: np.ndarray) -> float:
        """AP where picture i counts `weights[i]` times; classes of which no true box was drawn are left out."""
        values = [value for one in self.classes if (value := one.precision(weights)) is not None]
        return float(np.mean(values)) if values else 0.0


class _Class:
    """One class: pictures of its true boxes, and its found boxes in the order of their scores."""

    def __init__(
        self, wanted: dict[int, list[Box]], given: dict[int, list[tuple[Box, float]]], partly: set[int]
    ) -> None:
        self.true_pictures = np.array([number for number, boxes in wanted.items() for _ in boxes], dtype=np.int64)
        scores: list[float] = []
        owners: list[int] = []
        hits: list[np.ndarray] = []
        for number in sorted(given):
            ranked = sorted(given[number], key=lambda pair: -pair[1])[: MOST_OF_LVIS if partly else MOST]
            ranked = [(box, score) for box, score in ranked if 0 <= _area(box) <= LARGEST_AREA]
            scores += [score for _, score in ranked]
            owners += [number] * len(ranked)
            hits.append(_matches([box for box, _ in ranked], wanted.get(number, [])))
        order = np.argsort(-np.array(scores), kind="stable")
        self.owners = np.array(owners, dtype=np.int64)[order]
        self.hits = np.concatenate(hits, axis=1)[:, order] if hits else np.zeros((len(THRESHOLDS), 0), dtype=bool)
        whole = np.array([owner not in partly for owner in owners], dtype=bool)[order]
        self.counted = self.hits | whole  # [thresholds, found]: the rest counts neither way

    def precision(self, weights: np.ndarray) -> float | None:
        """Mean precision over thresholds and recalls; None without a true box."""
        true_boxes = weights[self.true_pictures].sum()
        if not true_boxes:
            return None
        counts = weights[self.owners]
        right, seen = np.cumsum(self.hits * counts, axis=1), np.cumsum(self.counted * counts, axis=1)
        precision = right / np.maximum(seen, np.spacing(1))
        best = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]  # at that rank or behind
        total = 0.0
        for reached, envelope in zip(right / true_boxes, best, strict=True):
            places = np.searchsorted(reached, RECALLS, side="left")
            total += float(envelope[places[places < len(envelope)]].sum())
        return total / (len(THRESHOLDS) * len(RECALLS))


def _matches(found: Sequence[Box], truth: Sequence[Box]) -> np.ndarray:
    """Which found boxes, best first, get a true box of their own, [thresholds, found] bool; as COCO matches them."""
    hits = np.zeros((len(THRESHOLDS), len(found)), dtype=bool)
    if not truth:
        return hits
    overlaps = [[_overlap(box, other) for other in truth] for box in found]
    for level, threshold in enumerate(THRESHOLDS):
        free = set(range(len(truth)))
        for place, row in enumerate(overlaps):
            # Of equally good true boxes COCO takes the last.
            best = max(free, key=lambda number: (row[number], number), default=None)
            if best is not None and row[best] >= min(threshold, 1 - 1e-10):
                hits[level, place] = True
                free.remove(best)
    return hits


def _overlap(one: Box, other: Box) -> float:
    """Intersection over union in COCO's form, from corners, widths and heights; 0 where they do not meet."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (_area(one) + _area(other) - shared)


def _area(box: Box) -> float:
    """Area in square pixels; negative where one pair of corners is in the wrong order."""
    return (box[2] - box[0]) * (box[3] - box[1])


def _image(number: int, picture: Picture, labels: list[int]) -> dict[str, Any]:
    """A picture that was checked for every class, as LVIS writes it; COCO's evaluation passes the lists over."""
    return {
        "id": number,
        "width": 1,
        "height": 1,
        "neg_category_ids": labels,
        "not_exhaustive_category_ids": [] if picture.exhaustive else labels,
    }


def _coco(number: int, place: int, box: Box) -> dict[str, Any]:
    """COCO's form of a box: [x, y, width, height]."""
    x1, y1, x2, y2 = box
    return {"image_id": number, "category_id": place, "bbox": [x1, y1, x2 - x1, y2 - y1], "area": _area(box)}


def _silent(*_: Any) -> None:
    """COCO prints its table."""
