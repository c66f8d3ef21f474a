"""r1-vlm's digits: list the handwritten digits of a picture, or add them up.

    answer_kind "digit_list", answer "[3, 5, 5]"   <answer>[3, 5, 5]</answer>  ->  1
    answer_kind "integer",    answer "13"          <answer>5 + 8 = 13</answer> ->  0

Upstream judges a whole batch by its first row's task (its check that tasks do not mix never fires); here every row is
judged by its own kind, which is the same wherever upstream's batch was of one kind.
"""

import json
from typing import Any

from rlvr.answers import answer_span


def correctness(completions: list[str], *, answer: list[str], answer_kind: list[str], **_: Any) -> list[float | None]:
    """1 when the first answer tag says exactly the digits, or the sum; None for rows of another kind."""
    return [
        score(answer_span(text), truth, kind)
        for text, truth, kind in zip(completions, answer, answer_kind, strict=True)
    ]


def score(given: str | None, truth: str, kind: str) -> float | None:
    """One answer text against one row's answer."""
    if kind == "digit_list":
        return float(_listed(given) == sorted(json.loads(truth)))
    if kind == "integer":
        return float(_number(given) == int(truth))
    return None


def _listed(given: str | None) -> list[int]:
    """Numbers of a comma-separated list, brackets optional; empty when any of them is not an integer."""
    numbers = [_number(part) for part in (given or "").strip("[]").split(",")]
    whole = [number for number in numbers if number is not None]
    return whole if len(whole) == len(numbers) else []


def _number(given: str | None) -> int | None:
    """Python's reading of an integer (digits of any script, underscores between digits), as upstream's."""
    try:
        return int(given) if given is not None else None
    except ValueError:
        return None
