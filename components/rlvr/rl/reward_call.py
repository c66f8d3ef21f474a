"""Calling a reward so that a completion it cannot deal with is known by name, and need not cost the others theirs."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from rlvr.errors import RlvrError
from rlvr.redaction import redacted
from rlvr.rl.time_limit import OutOfTimeError, time_limit
from rlvr.training import Faults

Call = Callable[[Sequence[int]], Sequence[float | None]]
"""Numbers of completions -> the reward's values for these, scored together."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Values:
    """What a reward gave to some completions."""

    values: list[float | None]
    """A finite number each, or None where it does not apply; 0 where something went wrong."""
    problems: dict[int, str] = field(default_factory=dict)
    """What went wrong, by number of the completion: "raised KeyError: 'x'"."""


def call_reward(call: Call, count: int, name: str, faults: Faults, seconds: float | None) -> Values:
    """The values of `count` completions; `seconds` is the time for one, and `name` the reward's for errors.

    All are scored together. Only if that fails, or takes longer than one may, is each tried alone, to know which it is;
    the others are then scored together again, since a reward may compare the completions that it is given.
    """
    everything = range(count)
    found = _attempt(call, everything, seconds, name)
    problems: dict[int, str] = {}
    if isinstance(found, str):
        alone = {number: _attempt(call, [number], seconds, name) for number in everything}
        problems = {number: problem for number, problem in alone.items() if isinstance(problem, str)}
        rest = [number for number in everything if number not in problems]
        if rest and (faults.reward == "zero" or not problems):
            again = _attempt(call, rest, None if seconds is None else seconds * len(rest), name)
        else:
            again = [0.0] * len(rest)  # nobody asks for them: the stage ends
        if isinstance(again, str):
            raise RlvrError(f"Reward {name} {again}, for {len(rest)} completions together but for none of them alone.")
        values = dict(zip(rest, again, strict=True))
        found = [values.get(number, 0.0) for number in everything]
    for number, value in enumerate(found):
        if value is not None and not math.isfinite(value):
            problems[number] = f"returned {value}"
    if len(problems) == count > 1 and faults.reward == "zero":
        raise RlvrError(
            f"Reward {name} failed for every one of {count} completions, so nothing could be learnt from it. "
            f"The first: {problems[0]}."
        )
    return Values(values=[0.0 if number in problems else found[number] for number in everything], problems=problems)


def _attempt(call: Call, numbers: Sequence[int], seconds: float | None, name: str) -> list[float | None] | str:
    """The values of some completions together, or what went wrong."""
    try:
        with time_limit(seconds):
            values = list(call(numbers))
    except OutOfTimeError:
        return f"took longer than {seconds:g} s"
    except RlvrError:
        raise  # it says what is wrong with row or set-up, not with a completion
    except Exception as error:
        return redacted(f"raised {type(error).__name__}: {error}")
    if len(values) != len(numbers):
        raise RlvrError(f"Reward {name} returned {len(values)} values for {len(numbers)} completions.")
    return values
