"""Reason-RFT's caption format: `<summary>`, `<caption>`, `<think>` and `<answer>` blocks in this order, nothing else.

White space may stand between the blocks, line breaks inside them. Decided in linear time: of each border between two
blocks the earliest one leaves the most room for the rest, so it alone needs to be looked at.
Upstream: tanhuajie/Reason-RFT@d0a8070 train/stage_rl/reward.py (caption_format_reward; no published script uses it).
"""

import re
from typing import Any

OPENING, CLOSING = "<summary>", "</answer>"
BORDERS = tuple(
    re.compile(rf"</{before}>\s*+<{after}>")
    for before, after in (("summary", "caption"), ("caption", "think"), ("think", "answer"))
)


def four_blocks(completions: list[str], **_: Any) -> list[float | None]:
    """1 for exactly the four blocks."""
    return [float(_has_four_blocks(text)) for text in completions]


def _has_four_blocks(text: str) -> bool:
    if not (text.startswith(OPENING) and text.endswith(CLOSING)):
        return False
    place, end = len(OPENING), max(len(text) - len(CLOSING), 0)
    for border in BORDERS:
        if (found := border.search(text, place, end)) is None:
            return False
        place = found.end()
    return True
