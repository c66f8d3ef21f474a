"""Answer rules of rows that name their own rule (`accu_reward_method`), as VLM-R1's training reward judges them.

VLM-R1 publishes no evaluation of such rows, so the training rule on the last complete answer tag stands for one.
"""

from typing import Any

from rlvr.rewards import answer_by_method
from rlvr.spans import last_answer


def published(
    completions: list[str], *, solution: list[str], accu_reward_method: list[str], **_: Any
) -> list[float | None]:
    """The training rule; None without a complete answer tag."""
    scores = answer_by_method.accuracy(completions, solution=solution, accu_reward_method=accu_reward_method)
    return _answered(completions, scores)


def strict(
    completions: list[str], *, solution: list[str], accu_reward_method: list[str], **_: Any
) -> list[float | None]:
    """The rule's strict form; None without a complete answer tag."""
    scores = answer_by_method.strict(completions, solution=solution, accu_reward_method=accu_reward_method)
    return _answered(completions, scores)


def _answered(completions: list[str], scores: list[float | None]) -> list[float | None]:
    return [None if last_answer(text) is None else score for text, score in zip(completions, scores, strict=True)]
