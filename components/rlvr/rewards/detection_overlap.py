"""VLM-R1's `weighted_sum`: overlap of matched boxes and completeness (grpo_jsonl.py@90052f4).

    0.7 x (sum of matched IoU / truths) + 0.3 x (1 - (share of missed truths + share of false alarms) / 2)

The last answer (or the whole text) is put on one line and into lower case; boxes stand in its FIRST fenced json block.
Pairs are matched one to one from the greatest IoU down to 0.5. A pair with different labels stays matched and counts
with IoU 0. Where the truth is none, exactly `none` gives 1.
"""

import json
from typing import Any

from rlvr.rewards.plain_answer import cleaned
from rlvr.rewards.referring_iou import iou
from rlvr.spans import first

OVERLAP_WEIGHT, COMPLETENESS_WEIGHT = 0.7, 0.3
LEAST_IOU = 0.5


def weighted_sum(completions: list[str], *, solution: list[str], **_: Any) -> list[float | None]:
    """The weighted sum; None where the truth is no list of boxes, or the best box has no label (upstream raises)."""
    return [score(cleaned(text), cleaned(truth)) for text, truth in zip(completions, solution, strict=True)]


def score(text: str, truth: str) -> float | None:
    """The weighted sum of two cleaned texts."""
    if truth == "none":
        return float(text == "none")
    try:
        wanted = _listed(truth)
    except (ValueError, TypeError):
        return None
    try:
        predicted = _listed(text)
    except (ValueError, TypeError, RecursionError):
        predicted = []
    if not wanted or not predicted:
        return float(not wanted and not predicted)
    overlap = 0.0
    label = None
    pairs = _matched(predicted, wanted)
    for value, place, other in pairs:
        # A prediction without a label takes the one matched before it; without such a one upstream stops.
        label = _label(predicted[place]) if _label(predicted[place]) is not None else label
        if label is None:
            return None
        overlap += value if label == (_label(wanted[other]) or "") else 0.0
    missed = (len(wanted) - len(pairs)) / len(wanted)
    false_alarms = (len(predicted) - len(pairs)) / len(predicted)
    whole = OVERLAP_WEIGHT * overlap / len(wanted) + COMPLETENESS_WEIGHT * (1 - (missed + false_alarms) / 2)
    return whole / (OVERLAP_WEIGHT + COMPLETENESS_WEIGHT)


def _listed(text: str) -> list[Any]:
    """What the first fenced json block lists; [] without a block."""
    block = first(cleaned(text), "```json", "```")
    return list(json.loads(block)) if block else []


def _matched(predicted: list[Any], wanted: list[Any]) -> list[tuple[float, int, int]]:
    """(IoU, prediction, truth) of the greedy one-to-one matching, greatest IoU first."""
    pairs = [
        (value, place, other)
        for place, item in enumerate(predicted)
        for other, truth in enumerate(wanted)
        if (value := _overlap(item, truth)) >= LEAST_IOU
    ]
    taken: set[int] = set()
    found: set[int] = set()
    matched = []
    for pair in sorted(pairs, key=lambda pair: -pair[0]):
        if pair[1] not in taken and pair[2] not in found:
            taken.add(pair[1])
            found.add(pair[2])
            matched.append(pair)
    return matched


def _overlap(item: Any, truth: Any) -> float:
    try:
        return iou(item["bbox_2d"], truth["bbox_2d"])
    except (ArithmeticError, LookupError, TypeError):
        return 0.0


def _label(item: Any) -> str | None:
    label = item.get("label") if isinstance(item, dict) else None
    return label.lower() if isinstance(label, str) else None
