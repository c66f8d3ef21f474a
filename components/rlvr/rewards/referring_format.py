"""Whether a completion thinks and then answers with a box, in VLM-R1's three readings.

| function | upstream | around the blocks | the answer holds |
|---|---|---|---|
| `in_braces` | qwen_module.py@90052f4 | any text | `{ ... [int, int, int, int] ... }` |
| `in_braces_fullmatch` | grpo_rec.py@a301eb2 (v0.1.0) | nothing | the same |
| `bare` | internvl_module.py@90052f4 | any text | `[int, int, int, int]` |

Upstream's patterns are lazy and may jump over closing tags: braces and box may lie in different answers, as long as
they follow each other. The same is decided here in linear time from the outermost marks.
"""

from typing import Any

from rlvr.rewards.referring_iou import INTEGER_BOX
from rlvr.rewards.think_format import BETWEEN

THINK, ANSWER_END = "<think>", "</answer>"


def in_braces(completions: list[str], **_: Any) -> list[float | None]:
    """1 for a think block followed by an answer block with a box in braces, anywhere in the text."""
    return [float(_found(text, braces=True)) for text in completions]


def in_braces_fullmatch(completions: list[str], **_: Any) -> list[float | None]:
    """The same with nothing before the think block and nothing behind an answer block."""
    return [
        float(text.startswith(THINK) and text.endswith(ANSWER_END) and _found(text, braces=True))
        for text in completions
    ]


def bare(completions: list[str], **_: Any) -> list[float | None]:
    """1 for a think block followed by an answer block with a box in brackets, anywhere in the text."""
    return [float(_found(text, braces=False)) for text in completions]


def _found(text: str, *, braces: bool) -> bool:
    # The first think tag, the first border behind it and the last closing tag leave the most room in between.
    think = text.find(THINK)
    border = BETWEEN.search(text, think + len(THINK)) if think >= 0 else None
    end = text.rfind(ANSWER_END)
    if border is None or end < border.end():
        return False
    start = border.end()
    if braces:
        start, end = text.find("{", start, end), text.rfind("}", start, end)
        if not 0 <= start < end:
            return False
    return INTEGER_BOX.search(text, start, end) is not None
