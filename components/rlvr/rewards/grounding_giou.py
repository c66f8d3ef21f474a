r"""Visual-RFT's reward of reasoning grounding (LISA): one box `(x1,y1),(x2,y2)` in thousandths of the picture.

| function | range | what counts |
|---|---|---|
| `accuracy` | 0 to 2 as a rule | upstream's: generalised IoU + 1 with the box that it reads |
| `strict` | 0 to 1 | IoU of the one proper box in the last answer tag |

Upstream bounds nothing: two boxes break the order of corners (rewards up to 5 have been seen), an inverted box may earn
2, numbers beyond the picture give any negative value. The paper calls the reward IoU.
Upstream: Liuziyu77/Visual-RFT@9486633 src/virft/src/open_r1/grpo_lisa.py, accuracy_reward.
"""

import math
import re
from collections.abc import Sequence
from typing import Any

from rlvr.answers import answer_span, last_answer_span, one_line_answer_span
from rlvr.detections import iou
from rlvr.rewards import symbolic

BOX = re.compile(r"\(\s*+(\d++)\s*+,\s*+(\d++)\s*+\)\s*+,\s*+\(\s*+(\d++)\s*+,\s*+(\d++)\s*+\)")
"""Two points in brackets, white space anywhere between."""

Point = tuple[float, float]


def accuracy(completions: list[str], *, solution: list[str], **_: Any) -> list[float | None]:
    """Upstream's reward; None where the arithmetic of huge numbers gives no finite value."""
    return [_accuracy(text, truth) for text, truth in zip(completions, solution, strict=True)]


def strict(completions: list[str], *, solution: list[str], **_: Any) -> list[float | None]:
    """IoU of the box; 0 unless the last complete answer tag holds one proper box and nothing else."""
    scores: list[float | None] = []
    for text, truth in zip(completions, solution, strict=True):
        given, wanted = strict_box(text), strict_box(truth)
        scores.append(iou(given, wanted) if given and wanted else 0.0)
    return scores


def strict_box(text: str) -> tuple[int, int, int, int] | None:
    """The box that the last complete answer tag consists of: integers from 0 to 1000, corners in order; else None."""
    match = BOX.fullmatch(last_answer_span(text) or "")
    if match is None or max(map(len, match.groups())) > 4:
        return None
    x1, y1, x2, y2 = map(int, match.groups())
    return (x1, y1, x2, y2) if x1 < x2 <= 1000 and y1 < y2 <= 1000 else None


def _accuracy(text: str, solution: str) -> float | None:
    if symbolic.equal(text, solution) is True:
        return 1.0
    given, truth = answer_span(text), one_line_answer_span(solution)
    given = text.strip() if given is None else given
    truth = solution.strip() if truth is None else truth
    if given == truth:
        return 2.0
    try:
        score = _giou(_points(truth), _points(given)) + 1
    except (ArithmeticError, LookupError, ValueError):
        return 0.0
    return score if math.isfinite(score) else None


def _points(text: str) -> list[Point]:
    """First corners of all boxes, then second corners of all: with one box its two corners."""
    found = BOX.findall(text)
    return [_point(x, y) for x, y, _, _ in found] + [_point(x, y) for _, _, x, y in found]


def _point(x: str, y: str) -> Point:
    return int(x) / 1000, int(y) / 1000


def _giou(truth: Sequence[Point], given: Sequence[Point]) -> float:
    """Generalised IoU of the boxes between the first two points of each list, whichever way round they are."""
    ((x1, y1), (x2, y2)), ((u1, v1), (u2, v2)) = truth[:2], given[:2]
    shared = max(0, min(x2, u2) - max(x1, u1)) * max(0, min(y2, v2) - max(y1, v1))
    union = (x2 - x1) * (y2 - y1) + (u2 - u1) * (v2 - v1) - shared
    hull = (max(x2, u2) - min(x1, u1)) * (max(y2, v2) - min(y1, v1))
    overlap = shared / union if union > 0 else 0
    return overlap - (hull - union) / hull if hull > 0 else overlap
