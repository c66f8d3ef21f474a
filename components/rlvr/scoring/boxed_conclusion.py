r"""Answer rules for replies in Kimi's form: what follows the reasoning says the answer, in a box.

    "◁think▷3 +5=8◁/think▷\boxed{8}"  ->  1 against "8";  None without a box or when reasoning was cut off

Kimi's own rule is a reward model's verdict, so `published` is the rule that stands in for it.
"""

from typing import Any

from rlvr.boxed import last_boxed
from rlvr.rewards.cot_judge import equality
from rlvr.thinking import conclusion


def published(completions: list[str], *, answer: list[str], **_: Any) -> list[float | None]:
    """The last box behind the reasoning holds the answer, as text or by math-verify."""
    right = equality(completions, answer=answer)
    return [None if _boxed(text) is None else score for text, score in zip(completions, right, strict=True)]


def strict(completions: list[str], *, answer: list[str], **_: Any) -> list[float | None]:
    """The same, letter for letter."""
    boxes = [_boxed(text) for text in completions]
    return [None if box is None else float(box.strip() == truth) for box, truth in zip(boxes, answer, strict=True)]


def _boxed(text: str) -> str | None:
    return last_boxed(conclusion(text) or "")
