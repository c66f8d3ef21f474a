"""Reason-RFT's accuracy reward: the answer tag says exactly what the solution says.

    solution "5"   <answer> 5 </answer>    ->  1, equal text
    solution "5"   <answer>5.0</answer>    ->  0, text is compared and nothing else
    solution "5"   The answer is 5.        ->  1, by math-verify, which is asked only where there is no answer tag

So a model that leaves the tags out is judged more kindly than one that keeps them; `strict` judges both alike.
Upstream: tanhuajie/Reason-RFT@d0a8070 train/stage_rl/reward.py; before 958a57d a tag had to be on one line.
"""

from collections.abc import Callable
from typing import Any

from rlvr.answers import answer_span, last_answer_span, one_line_answer_span
from rlvr.rewards import symbolic

Span = Callable[[str], str | None]


def accuracy(completions: list[str], *, solution: list[Any], **_: Any) -> list[float | None]:
    """1 for the solution's very text in the first answer tag; None where the solution is no text (upstream raises)."""
    return [score(text, truth, answer_span) for text, truth in zip(completions, solution, strict=True)]


def accuracy_one_line(completions: list[str], *, solution: list[Any], **_: Any) -> list[float | None]:
    """The same before 958a57d: an answer tag that spans lines is not seen."""
    return [score(text, truth, one_line_answer_span) for text, truth in zip(completions, solution, strict=True)]


def strict(completions: list[str], *, solution: list[Any], **_: Any) -> list[float | None]:
    """1 when the last complete answer tag equals the solution as text or as mathematics; 0 without a tag."""
    return [_strict(text, truth) for text, truth in zip(completions, solution, strict=True)]


def score(text: str, truth: Any, span: Span) -> float | None:
    """One completion against one solution, with answers found by `span`."""
    if not isinstance(truth, str):
        return None
    given, wanted = span(text), span(truth)
    if (text.strip() if given is None else given) == (truth.strip() if wanted is None else wanted):
        return 1.0
    return float(given is None and symbolic.equal(text, truth) is True)


def _strict(text: str, truth: Any) -> float | None:
    if not isinstance(truth, str):
        return None
    given, wanted = last_answer_span(text), last_answer_span(truth)
    wanted = truth.strip() if wanted is None else wanted
    return float(given is not None and (given == wanted or symbolic.equal(given, wanted) is True))
