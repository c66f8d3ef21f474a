"""Visual-RFT's IoU reward of detection: how well the found boxes cover the true ones.

| function | what counts |
|---|---|
| `accuracy` | upstream's: 1 when math-verify finds the two texts equal, else overlap of its list |
| `strict` | overlap of the list in the last answer tag; `No Objects` pays 1 where there are none |

math-verify reads the whole texts, and in a list of boxes it reads the SECOND number, y1 of the first box: a completion
whose first y1 is right earns 1 whatever else it says. Upstream pays nothing for a correct `No Objects`, and the sum is
divided by the larger number of boxes (the paper's text says a mean over predictions).
Upstream: Liuziyu77/Visual-RFT@9486633 src/virft/src/open_r1/grpo.py, accuracy_reward_iou.
"""

import math
from typing import Any

from rlvr.detections import (
    UNREADABLE,
    matches,
    repaired_list,
    strict_list,
    strict_matches,
    true_list,
    without_duplicates,
)
from rlvr.rewards import symbolic


def accuracy(completions: list[str], *, solution: list[str], **_: Any) -> list[float | None]:
    """From 0 to 1; None where the arithmetic of absurd numbers (NaN, infinity) gives no finite value."""
    return [_accuracy(text, truth) for text, truth in zip(completions, solution, strict=True)]


def strict(completions: list[str], *, solution: list[str], **_: Any) -> list[float | None]:
    """Sum of matched IoUs over the larger number of boxes; 0 for any other form."""
    return [_strict(text, truth) for text, truth in zip(completions, solution, strict=True)]


def lenient_matches(text: str, solution: str) -> tuple[list[tuple[float, Any]], int]:
    """Matches of the list that upstream reads, and the number of true boxes; raises one of `UNREADABLE` without one."""
    found, truth = repaired_list(text), true_list(solution)
    if found is None or type(found[0]) is not dict:
        raise ValueError("no list of detections")
    return matches(without_duplicates(found), truth), len(truth)


def confidence_credit(overlap: float, confidence: Any) -> Any:
    """What one detection's confidence earns: itself where the box matches, the rest up to 1 where it does not."""
    return confidence if overlap else 1 - confidence


def _accuracy(text: str, solution: str) -> float | None:
    if symbolic.equal(text, solution) is True:
        return 1.0
    try:
        results, true_boxes = lenient_matches(text, solution)
        # Upstream adds up the confidences here too, so one that is not a number costs the whole reward.
        sum((confidence_credit(*result) for result in results), 0.0)
        score = min(sum(overlap for overlap, _ in results) / max(true_boxes, len(results)), 1.0)
    except UNREADABLE:
        return 0.0
    return score if math.isfinite(score) else None


def _strict(text: str, solution: str) -> float:
    found, truth = strict_list(text), strict_list(solution)
    if found is None or truth is None:
        return 0.0
    if not found and not truth:
        return 1.0
    results = strict_matches(found, [box for box, _ in truth])
    return sum(overlap for overlap, _ in results) / max(len(truth), len(found))
