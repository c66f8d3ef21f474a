"""MM-Eureka's format rewards: each of the four tags exactly once, the answer right behind the reasoning, neither empty.

| function | around | reasoning | pays |
|---|---|---|---|
| `instruct` | any text | at least one character | 0.5 |
| `pretrain` | nothing (one line break behind) | at least 300 characters, stripped | 1 |

Upstream: ModalMinds/MM-EUREKA, reward_func_qwen_instruct.py @ bccddd7, reward_func_internvl_{instruct,pretrain}.py @
129fc9e. The InternVL branch pays nothing for truncated replies; the Qwen branch does not look.
"""

from collections.abc import Sequence
from typing import Any

TAGS = ("<think>", "</think>", "<answer>", "</answer>")
LONG = 300
"""Characters of reasoning that the pre-trained model must show."""


def instruct(completions: list[str], **_: Any) -> list[float | None]:
    """0.5 for the form, wherever it stands."""
    return [0.5 * (_parts(text) is not None) for text in completions]


def instruct_ended(completions: list[str], *, truncated: Sequence[bool] | None = None, **_: Any) -> list[float | None]:
    """`instruct`, with 0 for truncated replies."""
    return [0.5 * (not cut and _parts(text) is not None) for text, cut in _with_ends(completions, truncated)]


def pretrain(completions: list[str], *, truncated: Sequence[bool] | None = None, **_: Any) -> list[float | None]:
    """1 for the form with long reasoning and nothing around; 0 for truncated replies."""
    return [float(not cut and _is_long_form(text)) for text, cut in _with_ends(completions, truncated)]


def _with_ends(texts: list[str], truncated: Sequence[bool] | None) -> list[tuple[str, bool]]:
    return list(zip(texts, truncated or [False] * len(texts), strict=True))


def _is_long_form(text: str) -> bool:
    parts = _parts(text)
    if parts is None:
        return False
    before, reasoning, after = parts
    return not before and after in ("", "\n") and len(reasoning.strip()) >= LONG


def _parts(text: str) -> tuple[str, str, str] | None:
    """What stands before, the reasoning, and what stands behind; None when the text does not have the form."""
    if any(text.count(tag) != 1 for tag in TAGS):
        return None
    before, _, rest = text.partition("<think>")
    reasoning, closed, rest = rest.partition("</think>")
    between, opened, rest = rest.partition("<answer>")
    answer, ended, after = rest.partition("</answer>")
    if not (closed and opened and ended and reasoning and answer) or between.strip():
        return None
    return before, reasoning, after
