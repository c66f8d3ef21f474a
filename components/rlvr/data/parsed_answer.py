r"""What a task's rewards read in the completion that states a row's own answer.

Rewards that compare by math-verify are asked what it read; every other reward reads the answer tag or the box.

    "<think>gold</think>\n<answer>1/2</answer>"  ->  "1/2"
"""

import json
import sys

from rlvr.answers import last_answer_span
from rlvr.boxed import last_boxed
from rlvr.data.rows import Row
from rlvr.method import Task
from rlvr.rewards import symbolic

MAX_CHARACTERS = 200
"""How much of the reading is kept."""


def parsed_answer(task: Task, completion: str, row: Row, paid: bool) -> str | None:
    """The reading as text; None where nothing can be read. `paid` says whether some reward pays the completion."""
    if any(_asks_math_verify(reward.function.__module__) for reward in task.rewards):
        truth = json.loads(row.get("extra") or "{}").get("solution")
        found = symbolic.compare(completion, truth if isinstance(truth, str) else row["answer"])
        if found.prediction and not found.failed:
            return _short(found.prediction[0])
        if not paid:
            return None
    span = last_answer_span(completion)
    boxed = last_boxed(completion if span is None else span)
    read = boxed if boxed is not None else span
    return None if not read else _short(read)


def _asks_math_verify(module: str) -> bool:
    """Whether the module of a reward compares by `rlvr.rewards.symbolic`."""
    return any(
        value is symbolic or getattr(value, "__module__", None) == symbolic.__name__
        for value in vars(sys.modules[module]).values()
    )


def _short(text: str) -> str:
    return text if len(text) <= MAX_CHARACTERS else text[: MAX_CHARACTERS - 1] + "…"
