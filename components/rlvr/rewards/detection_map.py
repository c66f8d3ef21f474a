"""VLM-R1's mAP rewards for open-vocabulary detection (grpo_jsonl.py@90052f4).

    solution  <answer> ```json [{"bbox_2d": [10, 12, 50, 60], "label": "red circle"}] ``` </answer>

| function | text that is read | score |
|---|---|---|
| `whole_text` | the whole completion, tags or not | mAP |
| `answer` | the last answer tag; without one 0; `None` on both sides 1 | mAP |
| `answer_at_50` | the same | AP at IoU 0.5 |
| `answer_length` | the same | mAP x (truths / predictions, where there are more predictions than truths) |
| `strict` | the last answer tag, which must be the fenced list or `None` and nothing else | as `answer_length` |

Boxes stand in the last fenced json block, in pixels. No box on both sides gives 1, on one side 0. Holes upstream:
labels that the truth does not have cost nothing (but for `answer_length`), and where nothing is to be found any text
without boxes gives 1.
"""

import json
from typing import Any

from rlvr.answers import last_answer_span
from rlvr.scoring.coco_map import average_precision
from rlvr.spans import first, last, last_answer

OPENING, CLOSING = "```json", "```"

NOTHING = "None"
"""The answer where none of the asked things is in the picture."""


def whole_text(completions: list[str], *, solution: list[str], **_: Any) -> list[float | None]:
    """Mean AP of the last fenced block of the whole completion; None where the truth cannot be read."""
    return [fenced(text, truth) for text, truth in zip(completions, solution, strict=True)]


def answer(completions: list[str], *, solution: list[str], **_: Any) -> list[float | None]:
    """Mean AP of the last answer."""
    return [answered(text, truth) for text, truth in zip(completions, solution, strict=True)]


def answer_at_50(completions: list[str], *, solution: list[str], **_: Any) -> list[float | None]:
    """AP at IoU 0.5 of the last answer."""
    return [answered(text, truth, at_50=True) for text, truth in zip(completions, solution, strict=True)]


def answer_length(completions: list[str], *, solution: list[str], **_: Any) -> list[float | None]:
    """Mean AP of the last answer, less where it lists more boxes than there are (upstream's odLength)."""
    return [answered(text, truth, length=True) for text, truth in zip(completions, solution, strict=True)]


def strict(completions: list[str], *, solution: list[str], **_: Any) -> list[float | None]:
    """`answer_length` of an answer that is exactly one fenced list, or exactly `None`."""
    scores: list[float | None] = []
    for text, truth in zip(completions, solution, strict=True):
        exact = is_exact(last_answer_span(text) or "")
        scores.append(answered(text, truth, length=True) if exact else 0.0)
    return scores


def is_exact(answer: str) -> bool:
    """Whether an answer is one fenced json block, or the word None, and nothing else."""
    fences = answer.startswith(OPENING) and answer.endswith(CLOSING) and answer.count(CLOSING) == 2
    return fences or answer == NOTHING


def answered(text: str, truth: str, *, length: bool = False, at_50: bool = False) -> float | None:
    """Score of the last answer tag against the truth's first one."""
    given, wanted = last_answer(text), first(truth, "<answer>", "</answer>")
    if given is None:
        return 0.0
    if given == wanted == NOTHING:
        return 1.0
    return None if wanted is None else fenced(given, wanted, length=length, at_50=at_50)


def fenced(text: str, truth: str, *, length: bool = False, at_50: bool = False) -> float | None:
    """Score of the last fenced block against the truth's; None where the truth is not a list of boxes."""
    predicted, wanted = boxes(text), boxes(truth)
    if wanted is None:
        return None
    predicted = predicted or []
    if not predicted or not wanted:
        score = float(len(predicted) == len(wanted))
    else:
        scores = average_precision(predicted, wanted)
        if scores is None:
            return None
        score = scores[1] if at_50 else scores[0]
    return score * min(1.0, len(wanted) / len(predicted)) if length and predicted else score


def boxes(text: str) -> list[Any] | None:
    """What the last fenced json block lists (keys of an object, characters of a text); [] without a block.

    None where the block is not JSON that can be listed.
    """
    block = last(text, OPENING, CLOSING)
    try:
        return list(json.loads(block)) if block else []
    except (ValueError, TypeError, RecursionError):
        return None
