"""Visual-RFT's confidence reward of detection: sure where a box is right, unsure where it is wrong.

| function | what counts |
|---|---|
| `accuracy` | upstream's: 1 when math-verify finds the two texts equal, else a mean over the found boxes |
| `strict` | the same mean over found and missed boxes, and nothing at all unless some box is right |

Upstream asks nothing of boxes that are missed, so one far-off box with confidence 0 earns 1.
Upstream: Liuziyu77/Visual-RFT@9486633 src/virft/src/open_r1/grpo.py, accuracy_reward_confidence.
"""

import math
from typing import Any

from rlvr.detections import UNREADABLE, strict_list, strict_matches
from rlvr.rewards import symbolic
from rlvr.rewards.detection_iou import confidence_credit, lenient_matches


def accuracy(completions: list[str], *, solution: list[str], **_: Any) -> list[float | None]:
    """From 0 to 1; None where a confidence is not a number (JSON's NaN)."""
    return [_accuracy(text, truth) for text, truth in zip(completions, solution, strict=True)]


def strict(completions: list[str], *, solution: list[str], **_: Any) -> list[float | None]:
    """Confidence credits over the larger number of boxes, 0 without any match; a correct `No Objects` earns 1."""
    return [_strict(text, truth) for text, truth in zip(completions, solution, strict=True)]


def _accuracy(text: str, solution: str) -> float | None:
    if symbolic.equal(text, solution) is True:
        return 1.0
    try:
        results, _ = lenient_matches(text, solution)
        mean = float(sum((confidence_credit(*result) for result in results), 0.0) / len(results))
    except UNREADABLE:
        return 0.0
    return None if math.isnan(mean) else min(max(mean, 0.0), 1.0)


def _strict(text: str, solution: str) -> float:
    found, truth = strict_list(text), strict_list(solution)
    if found is None or truth is None:
        return 0.0
    if not found and not truth:
        return 1.0
    results = strict_matches(found, [box for box, _ in truth])
    if not any(overlap for overlap, _ in results):
        return 0.0
    return float(sum(confidence_credit(*result) for result in results) / max(len(truth), len(found)))
