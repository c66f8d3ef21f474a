"""R1-V's accuracy reward, which open-r1-multimodal shares: the same mathematics, or the same text.

    solution "<answer> 0.5 </answer>"   completion "... <answer> 1/2 </answer>"   ->  1, by math-verify
    solution "<answer> yes </answer>"   completion "... <answer>yes</answer>"     ->  1, by equal text

math-verify reads the WHOLE completion and the whole solution, so a right number outside the tags counts. Apart from
that, the first answer tag that opens and closes on one line is compared as text (the whole text where there is none).
Upstream: Deep-Agent/R1-V@bbbbe3d src/r1-v/src/open_r1/grpo.py. Time limits: `rlvr.rewards.symbolic`.
"""

from typing import Any

from rlvr.answers import last_answer_span, one_line_answer_span
from rlvr.rewards import symbolic


def accuracy(completions: list[str], *, solution: list[str], **_: Any) -> list[float | None]:
    """1 when completion and solution (upstream's text with its tags) agree symbolically or word for word."""
    return [
        float(_plain(text) == _plain(truth) or symbolic.equal(text, truth) is True)
        for text, truth in zip(completions, solution, strict=True)
    ]


def strict(completions: list[str], *, solution: list[str], **_: Any) -> list[float | None]:
    """1 when the last complete answer tag holds what the solution's does: a number elsewhere earns nothing."""
    return [_same_span(text, truth) for text, truth in zip(completions, solution, strict=True)]


def _same_span(text: str, truth: str) -> float:
    span, wanted = last_answer_span(text), last_answer_span(truth) or truth.strip()
    return float(span is not None and (span == wanted or symbolic.equal(span, wanted) is True))


def _plain(text: str) -> str:
    """Content of the one-line answer tag, or the whole text; stripped."""
    body = one_line_answer_span(text)
    return text.strip() if body is None else body
