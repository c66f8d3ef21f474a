"""Reason-RFT's tolerant numeric reward: full pay within 5 per cent of the truth, none beyond 20, a cosine between.

    solution "10"   <answer>10.4</answer>  ->  1
    solution "10"   <answer>11</answer>    ->  0.75
    solution "10"   <answer>12.1</answer>  ->  0
    solution "A"    <answer>A</answer>     ->  1, equal text where either side is no number

The paper uses it for geometry; at the last commit no script does. Faults that upstream has and `tolerance` keeps: a
solution of 0 is never met, not even by 0, and numbers that are not finite may give NaN.
Upstream: tanhuajie/Reason-RFT@d0a8070 train/stage_rl/reward.py (math_accuracy_reward).
"""

import math
from typing import Any

from rlvr.answers import answer_span, last_answer_span, one_line_answer_span
from rlvr.rewards import symbolic
from rlvr.rewards.exact_answer import Span

FULL, NONE = 0.05, 0.20
"""Relative errors up to which everything, and from which nothing, is paid."""


def tolerance(completions: list[str], *, solution: list[Any], **_: Any) -> list[float | None]:
    """0 to 1, or NaN (see above); None where the solution is no text."""
    return [_score(text, truth, answer_span) for text, truth in zip(completions, solution, strict=True)]


def tolerance_one_line(completions: list[str], *, solution: list[Any], **_: Any) -> list[float | None]:
    """The same before 958a57d: an answer tag that spans lines is not seen."""
    return [_score(text, truth, one_line_answer_span) for text, truth in zip(completions, solution, strict=True)]


def strict(completions: list[str], *, solution: list[Any], **_: Any) -> list[float | None]:
    """As `tolerance` on the last complete answer tag alone; 0 meets 0, and only finite numbers count as numbers."""
    return [_strict(text, truth) for text, truth in zip(completions, solution, strict=True)]


def near(given: float, truth: float) -> float:
    """Pay for `given`; NaN and errors as upstream's arithmetic has them."""
    error, size = abs(given - truth), abs(truth)
    if error < FULL * size:
        return 1.0
    if error > NONE * size:
        return 0.0
    return 0.5 * (math.cos(math.pi * (error - FULL * size) / ((NONE - FULL) * size)) + 1)


def _score(text: str, truth: Any, span: Span) -> float | None:
    if not isinstance(truth, str):
        return None
    given, wanted = span(text), span(truth)
    score = _near_or_equal(text.strip() if given is None else given, truth.strip() if wanted is None else wanted)
    if score == 0.0 and given is None:
        return float(symbolic.equal(text, truth) is True)
    return score


def _near_or_equal(given: str, wanted: str) -> float:
    try:
        return near(float(given), float(wanted))
    except ValueError:  # no number, or a cosine of infinity
        return float(given == wanted)
    except ArithmeticError:  # a truth of 0 divides by 0
        return 0.0


def _strict(text: str, truth: Any) -> float | None:
    if not isinstance(truth, str):
        return None
    given, wanted = last_answer_span(text), last_answer_span(truth)
    wanted = truth.strip() if wanted is None else wanted
    if given is None:
        return 0.0
    one, other = _finite(given), _finite(wanted)
    if one is None or other is None or one == other:
        return float(given == wanted or (one is not None and one == other))
    return near(one, other) if other else 0.0


def _finite(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
