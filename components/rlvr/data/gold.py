r"""Asking a task's own rewards whether they know a row's answer to be right, and a changed answer to be wrong.

For every row two completions are made, `<think>gold</think>\n<answer>5</answer>` and the same with an answer that is
certainly different. A component whose score falls between the two judges accuracy; one that does not (format, length)
is left out. A source whose answers take another shape makes the two completions itself (`Source.gold`). A gold answer
that its own reward cannot read would never pay any model, and nobody would notice.
"""

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

from rlvr.data.rows import Row, columns
from rlvr.method import Reward, Task
from rlvr.redaction import redacted

FORMS = (
    "<think>gold</think>\n<answer>{answer}</answer>",
    "<think>gold</think>\n<answer>\\boxed{{{answer}}}</answer>",
    "<think>gold</think>\n\\boxed{{{answer}}}",
    "<think> gold </think>\n<answer> {answer} </answer>",
)
"""How a completion may carry an answer. For each row the form counts that best tells right from wrong."""

NO_ANSWER = "none"
"""`answer_kind` of rows that have no gold answer (open tasks that a judge or a simulator scores)."""

SHIFT = 100_000
"""What is added to every number of a wrong answer, besides its own size: no tolerance or picture reaches that far."""

Scores = dict[str, tuple[float | None, float | None]]
"""Reward component -> its score of the right and of the wrong completion; None where it does not apply."""

_LETTER = re.compile(r"(\W*)([A-Za-z])(\W*)")
_OPPOSITES = {"yes": "no", "no": "yes", "true": "false", "false": "true"}
_NUMBER = re.compile(r"(?<![\w.])-?\d+(\.\d+)?")


def wrong_answer(answer: str) -> str:
    """An answer of the same kind that is certainly different: the next letter, far larger numbers, the opposite."""
    if letter := _LETTER.fullmatch(answer):
        before, char, after = letter.groups()
        following = {"Z": "A", "z": "a"}.get(char) or chr(ord(char) + 1)
        return f"{before}{following}{after}"
    if opposite := _OPPOSITES.get(answer.strip().lower()):
        return opposite.capitalize() if answer.strip()[:1].isupper() else opposite
    if re.search(r"[\\^/*=√π]|\d\s*:", answer):
        # Moving every number of a formula may leave its value alone (1/1, 1:1) or blow it up (10^5).
        return "987654321"
    if _NUMBER.search(answer):
        return _NUMBER.sub(_shifted, answer)
    return "no such answer"


def _shifted(number: re.Match[str]) -> str:
    text = number.group()
    if len(text) > 300:
        return str(SHIFT)
    value = float(text) if "." in text else int(text)
    return repr(value + abs(value) + SHIFT)


def judged_scores(task: Task, rows: Sequence[Row]) -> tuple[list[Scores], list[str], list[str]]:
    """Of each row: scores of the right and the wrong completion, error text (empty when none), the right completion."""
    rewards = [reward for reward in task.rewards if reward.judge is None]
    best: list[Scores] = [{} for _ in rows]
    errors = ["" for _ in rows]
    completions = ["" for _ in rows]
    for pair in [task.source.gold] if task.source.gold else [_in_form(form) for form in FORMS]:
        open_rows = [index for index, scores in enumerate(best) if largest_drop(scores) < 1.0]
        some = [rows[index] for index in open_rows]
        right, wrong = [], []
        for index, row in zip(open_rows, some, strict=True):
            (one, other), error = _written(pair, row)
            right.append(one)
            wrong.append(other)
            errors[index] = errors[index] or error
        found: list[Scores] = [{} for _ in some]
        for reward in rewards if some else []:
            scored = zip(_scores(reward, right, some), _scores(reward, wrong, some), strict=True)
            for place, ((of_right, error), (of_wrong, _)) in enumerate(scored):
                found[place][reward.name] = (of_right, of_wrong)
                errors[open_rows[place]] = errors[open_rows[place]] or error
        for index, scores, completion in zip(open_rows, found, right, strict=True):
            if not best[index] or largest_drop(scores) > largest_drop(best[index]):
                best[index], completions[index] = scores, completion
    return best, errors, completions


def _written(pair: Callable[[Row], tuple[str, str]], row: Row) -> tuple[tuple[str, str], str]:
    """A right and a wrong completion of a row, and why there are none: then both are empty."""
    try:
        return pair(row), ""
    except Exception as error:
        reason = (str(error).splitlines() or [""])[0]
        return ("", ""), redacted(f"no completion can be made of its answer: {type(error).__name__}: {reason}")


def _in_form(form: str) -> Callable[[Row], tuple[str, str]]:
    """The row's own answer and a different one, both in `form`."""
    return lambda row: (form.format(answer=row["answer"]), form.format(answer=wrong_answer(row["answer"])))


def largest_drop(scores: Scores) -> float:
    """How far the score of some component falls when the answer is made wrong."""
    return max((drop(pair) for pair in scores.values()), default=0.0)


def drop(pair: tuple[float | None, float | None]) -> float:
    """How far one component's score falls; a score that does not apply counts as 0."""
    return (pair[0] or 0.0) - (pair[1] or 0.0)


def _scores(reward: Reward, completions: list[str], rows: Sequence[Row]) -> list[tuple[float | None, str]]:
    """Score and error text of each completion; where the batch raises, its rows are asked one by one."""
    try:
        return [(_finite(score), "") for score in reward.function(completions, **columns(rows))]
    except Exception as error:
        if len(rows) == 1:
            reason = (str(error).splitlines() or [""])[0]
            return [(None, redacted(f"{reward.name} raises {type(error).__name__}: {reason}"))]
        return [_scores(reward, [text], [row])[0] for text, row in zip(completions, rows, strict=True)]


def _finite(score: Any) -> float | None:
    return float(score) if score is not None and math.isfinite(score) else None
