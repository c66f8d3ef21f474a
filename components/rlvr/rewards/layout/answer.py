"""The answer of a completion as JSON, and upstream's format reward.

    <think>the bed goes south</think> <answer>[{"new_object_id": "bed_1", "x": 2, "y": 0.8, "z": 0.3}]</answer>

| completion | share |
|---|---|
| not a think block, white space and an answer block, with nothing around | 0 |
| the answer is no JSON, or null | 0.1 |
| not as many elements as objects (of a list, keys of a dictionary, characters of a string) | 0.5 |
| anything else | 1 |

Upstream: PzySeere/MetaSpatial@a3c89c2 verl/utils/reward_score/metaverse.py.
"""

import json
from typing import Any

from rlvr.answers import tag_span
from rlvr.rewards import think_format
from rlvr.rewards.layout.scene import PRIORS, RAISED, Scene


def graded(completions: list[str], *, scene_graph: list[Scene], **_: Any) -> list[float | None]:
    """The share for each completion; None where the answer has no elements to be counted (upstream raises)."""
    return [_share_or_none(text, len(scene) - PRIORS) for text, scene in zip(completions, scene_graph, strict=True)]


def format_share(text: str, objects: int) -> float:
    """Upstream's format reward of one completion in a room of that many objects; `TypeError` over a bare number."""
    (well_formed,) = think_format.fullmatch([text.strip()])
    if not well_formed:
        return 0.0
    answer = read(text)
    if answer is None:
        return 0.1
    return 1.0 if len(answer) == objects else 0.5


def read(text: str) -> Any:
    """The first answer block as JSON, NaN and Infinity allowed; None when there is no block or no JSON in it.

    Numbers of thousands of digits raise `ValueError` and deep nesting `RecursionError`, as they do upstream.
    """
    span = tag_span(text, "answer")
    if span is None:
        return None
    try:
        return json.loads(span)
    except json.JSONDecodeError:
        return None


def read_or_none(text: str) -> Any:
    """The same, with None for whatever cannot be read."""
    try:
        return read(text)
    except RAISED:
        return None


def _share_or_none(text: str, objects: int) -> float | None:
    try:
        return format_share(text, objects)
    except RAISED:
        return None
