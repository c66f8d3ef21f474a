"""Answer rules of Reason-RFT's benchmarks. `*_published` are its evaluation's own, which differ from its rewards.

Counting and geometry: the answer tag's text or mathematics, else the whole output's (the reward never asks math-verify
about a tag). TRANCE: partial credit for similar functions, and an answer tag that spans lines is not seen (the reward
pays exact functions alone); a mean of such scores is no accuracy.
Upstream: tanhuajie/Reason-RFT@d0a8070 eval/cal_score_benchmarks_for_open_source.py.
"""

from typing import Any

from rlvr.answers import answer_span, last_answer_span, one_line_answer_span
from rlvr.rewards import symbolic
from rlvr.rewards.function_sequence import ONLY_FUNCTIONS, PARTIAL, functions, worth


def answer_published(completions: list[str], *, solution: list[Any], **_: Any) -> list[float | None]:
    """1 for equal text or mathematics in the first answer tag, or in the whole output where there is none."""
    return [_answer(text, truth) for text, truth in zip(completions, solution, strict=True)]


def answer_enhanced(completions: list[str], *, solution: list[Any], **_: Any) -> list[float | None]:
    """Upstream's kinder form, meant for closed models: without a tag, the solution anywhere in the output counts."""
    plain = answer_published(completions, solution=solution)
    return [
        1.0 if not score and answer_span(text) is None and isinstance(truth, str) and truth.strip() in text else score
        for text, truth, score in zip(completions, solution, plain, strict=True)
    ]


def answer_strict(completions: list[str], *, solution: list[Any], **_: Any) -> list[float | None]:
    """1 for equal text or mathematics in the last complete answer tag."""
    spans = [last_answer_span(text) for text in completions]
    return [
        None if span is None else float(span == truth.strip() or symbolic.equal(span, truth) is True)
        for span, truth in zip(spans, solution, strict=True)
    ]


def trance_published(completions: list[str], *, solution: list[Any], **_: Any) -> list[float | None]:
    """Mean worth of the functions in a one-line answer tag, or in the whole output; repetitions cost nothing."""
    return [_trance(text, truth) for text, truth in zip(completions, solution, strict=True)]


def trance_strict(completions: list[str], *, solution: list[Any], **_: Any) -> list[float | None]:
    """1 when the last complete answer tag holds exactly the wanted functions, each once, in any order."""
    return [_trance_strict(text, truth) for text, truth in zip(completions, solution, strict=True)]


def _answer(text: str, truth: Any) -> float | None:
    if not isinstance(truth, str):
        return 0.0
    tagged = answer_span(text)
    if truth == tagged or (tagged is None and truth.strip() == text.strip()):
        return 1.0
    same = symbolic.equal(text if tagged is None else tagged, truth)
    return None if same is None else float(same)


def _trance(text: str, truth: Any) -> float | None:
    if not isinstance(truth, str):
        return None
    answer = one_line_answer_span(text)
    given, wanted = functions(text if answer is None else answer), functions(truth)
    if not given:
        return None
    if not wanted:
        return 0.0
    return worth(given, wanted, PARTIAL) / max(len(set(given)), len(set(wanted)))


def _trance_strict(text: str, truth: str) -> float | None:
    answer = last_answer_span(text)
    if answer is None or ONLY_FUNCTIONS.fullmatch(answer) is None:
        return None
    return float(sorted(functions(answer)) == sorted(set(functions(truth))))
