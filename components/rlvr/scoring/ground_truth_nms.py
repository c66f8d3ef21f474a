"""Suppression around true boxes, the step before COCO's mAP in OVDEval (eval.py@2ba0aa9).

A predicted box that overlaps a true one by more than the threshold, of whatever class, competes with the others that
do: only the best-scored one stays. Predictions that overlap no true box stay, too.
"""

from collections.abc import Sequence

Box = Sequence[float]
"""[x, y, width, height] in pixels, as COCO writes boxes."""


def kept(truths: Sequence[Box], boxes: Sequence[Box], scores: Sequence[float], threshold: float = 0.5) -> list[int]:
    """Positions of the predictions that stay, in order. A box that wins at one true box stays wherever it loses."""
    winners: set[int] = set()
    losers: set[int] = set()
    for truth in truths:
        rivals = [place for place, box in enumerate(boxes) if overlap(truth, box) > threshold]
        if rivals:
            best = max(rivals, key=lambda place: (scores[place], place))  # of equal scores upstream keeps the last
            winners.add(best)
            losers.update(rivals)
    return [place for place in range(len(boxes)) if place in winners or place not in losers]


def overlap(one: Box, other: Box) -> float:
    """Intersection over union; 0 where neither has an area."""
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    shared = max(0.0, width) * max(0.0, height)
    union = one[2] * one[3] + other[2] * other[3] - shared
    return shared / union if union else 0.0
