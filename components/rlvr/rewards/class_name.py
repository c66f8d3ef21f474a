"""Visual-RFT's accuracy of fine-grained classification: the name of the class.

| function | what counts |
|---|---|
| `accuracy` | upstream's: math-verify's verdict, or either name being part of the other |
| `strict` | the last answer tag names exactly the class |

Names are compared in lower case without spaces and underscores. Upstream's rule pays in full for an
empty answer, a single letter of the name, or a list of all classes.
Upstream: Liuziyu77/Visual-RFT@9486633 src/virft/src/open_r1/grpo_classification.py, accuracy_reward.
"""

from typing import Any

from rlvr.answers import last_answer_span, one_line_answer_span
from rlvr.rewards import symbolic


def accuracy(completions: list[str], *, solution: list[str], **_: Any) -> list[float | None]:
    """1 when math-verify finds the texts equal or one name is part of the other; `solution` carries its tags."""
    return [
        float(symbolic.equal(text, truth) is True or overlap(_body(text), _body(truth)))
        for text, truth in zip(completions, solution, strict=True)
    ]


def strict(completions: list[str], *, solution: list[str], **_: Any) -> list[float | None]:
    """1 when the last complete answer tag holds the name and nothing else."""
    return [
        float((given := last_answer_span(text)) is not None and bare(given) == bare(_body(truth)))
        for text, truth in zip(completions, solution, strict=True)
    ]


def overlap(given: str, truth: str) -> bool:
    """Whether either name is part of the other."""
    given, truth = bare(given), bare(truth)
    return given in truth or truth in given


def bare(name: str) -> str:
    """The name in lower case without spaces and underscores."""
    return name.replace(" ", "").replace("_", "").lower()


def _body(text: str) -> str:
    body = one_line_answer_span(text)
    return text.strip() if body is None else body
