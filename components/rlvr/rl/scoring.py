"""Completions of several tasks to rewards: each row is scored by its own task's components."""

import math
from collections.abc import Sequence

from rlvr.data.rows import Row, columns
from rlvr.errors import RlvrError
from rlvr.method import Task


def score(
    completions: Sequence[str],
    rows: Sequence[Row],
    tasks: Sequence[Task],
    truncated: Sequence[bool] | None = None,
    tokens: Sequence[int] | None = None,
) -> list[dict[str, float | None]]:
    """The value of every reward component for each completion; None where a component does not apply.

    `truncated` says which completions were cut before their end token, `tokens` how long they are; both become columns
    of the same names. Without them no completion counts as truncated, and no lengths are passed.

    A reward that raises or returns something unusable stops the stage with the component, row and completion named.
    """
    results: list[dict[str, float | None]] = [{} for _ in rows]
    for task in tasks:
        chosen = [number for number, row in enumerate(rows) if row["task"] == task.name]
        if not chosen:
            continue
        table = columns([rows[number] for number in chosen])
        table["truncated"] = [bool(truncated and truncated[number]) for number in chosen]
        if tokens is not None:
            table["tokens"] = [tokens[number] for number in chosen]
        for reward in task.rewards:
            prefix = task.prompt.prefill if reward.with_prefill else ""
            texts = [prefix + completions[number] for number in chosen]
            judge = {"judge": reward.judge} if reward.judge else {}
            try:
                values = reward.function(texts, **table, **judge)
            except Exception as error:
                ids = ", ".join(sorted({rows[number]["row_id"] for number in chosen})[:5])
                raise RlvrError(
                    f"Reward {reward.name} of task {task.name} raised {type(error).__name__}: {error} "
                    f"(rows {ids} ...). A reward returns None where it does not apply."
                ) from error
            if len(values) != len(texts):
                raise RlvrError(f"Reward {reward.name} returned {len(values)} values for {len(texts)} completions.")
            for number, value in zip(chosen, values, strict=True):
                if value is not None and not math.isfinite(value):
                    raise RlvrError(
                        f"Reward {reward.name} returned {value} for row {rows[number]['row_id']}; "
                        f"a reward is a finite number, or None where it does not apply."
                    )
                results[number][reward.name] = value
    return results


def total(components: dict[str, float | None], task: Task) -> float:
    """The weighted sum of a completion's components; NaN when none applies."""
    weights = {reward.name: reward.weight for reward in task.rewards}
    applicable = [weights[name] * value for name, value in components.items() if value is not None]
    return sum(applicable) if applicable else math.nan
