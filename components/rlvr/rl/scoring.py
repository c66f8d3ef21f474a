"""Completions of several tasks to rewards: each row is scored by its own task's components."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from rlvr.data.rows import Row, columns
from rlvr.errors import RlvrError
from rlvr.method import Reward, Task
from rlvr.rl.reward_call import call_reward
from rlvr.training import Faults

SHOWN = 3
"""Completions that an error names at most."""


def score(
    completions: Sequence[str],
    rows: Sequence[Row],
    tasks: Sequence[Task],
    truncated: Sequence[bool] | None = None,
    tokens: Sequence[int] | None = None,
    *,
    faults: Faults = Faults(),  # noqa: B008  (frozen)
    where: str = "",
    note: Callable[[int, str], None] = lambda number, text: None,
) -> list[dict[str, float | None]]:
    """The value of every reward component for each completion; None where a component does not apply.

    `truncated` says which completions were cut before their end token, `tokens` how long they are; both become columns
    of the same names. Without them no completion counts as truncated, and no lengths are passed.

    A reward that raises, takes too long or returns something unusable stops the stage with component, rows and
    completions named after `where`; or, as `faults` say, it counts as 0 there, and `note` hears of each such completion
    by its number.
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
            call = _call(reward, [prefix + completions[number] for number in chosen], table)
            seconds = None if reward.judge else faults.reward_seconds
            name = f"{reward.name} of task {task.name}"
            try:
                found = call_reward(call, len(chosen), name, faults, seconds)
            except RlvrError as error:
                raise RlvrError(f"{where}{error} {_rows([rows[number] for number in chosen])}") from error
            for place, problem in found.problems.items():
                row = rows[chosen[place]]["row_id"]
                note(chosen[place], f"reward {name} {problem} on a completion of row {row}; it counts as 0")
            if found.problems and faults.reward == "stop":
                raise RlvrError(f"{where}{_failure(name, found.problems, chosen, rows, completions)}")
            for number, value in zip(chosen, found.values, strict=True):
                results[number][reward.name] = value
    return results


def _call(reward: Reward, texts: Sequence[str], table: dict[str, list[Any]]) -> Callable[[Sequence[int]], Any]:
    """The reward for some of the completions by number."""
    judge: dict[str, Any] = {"judge": reward.judge} if reward.judge else {}

    def call(numbers: Sequence[int]) -> Any:
        part = {key: [values[number] for number in numbers] for key, values in table.items()}
        return reward.function([texts[number] for number in numbers], **part, **judge)

    return call


def _failure(
    name: str, problems: dict[int, str], chosen: Sequence[int], rows: Sequence[Row], completions: Sequence[str]
) -> str:
    """One problem in full, further ones by row."""
    place, problem = next(iter(problems.items()))
    numbers = [chosen[place] for place in problems]
    others = _rows([rows[number] for number in numbers[1:]]) if numbers[1:] else ""
    text = completions[chosen[place]]
    shown = text if len(text) <= 200 else f"{text[:200]}..."
    return (
        f"Reward {name} {problem} (row {rows[numbers[0]]['row_id']}, completion {shown!r}). {others} "
        f"A reward is a finite number, or None where it does not apply; with faults.reward=zero such a completion "
        f"counts as 0."
    ).replace("  ", " ")


def _rows(rows: Sequence[Row]) -> str:
    """The rows by id, the first few of them."""
    ids = list(dict.fromkeys(row["row_id"] for row in rows))
    more = f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else ""
    return f"(Rows {', '.join(ids[:SHOWN])}{more}.)"


def total(components: dict[str, float | None], task: Task) -> float:
    """The weighted sum of a completion's components; NaN when none applies."""
    weights = {reward.name: reward.weight for reward in task.rewards}
    applicable = [weights[name] * value for name, value in components.items() if value is not None]
    return sum(applicable) if applicable else math.nan
