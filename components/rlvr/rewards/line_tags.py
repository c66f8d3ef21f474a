r"""MMR1's format reward: one think part that begins a line and one answer part that ends a line, in any order.

    "note\n<think>a</think>\n<answer>b</answer>"   ->  1
    "pre <think>a</think><answer>b</answer>"       ->  0

Upstream: LengSicong/MMR1@d8161a0 verl/utils/reward_score/openr1_rewards_batch.py (`format_reward_batch`); its patterns
match at line borders, and exactly one match of each is asked for. `rlvr.rewards.think_format.fullmatch` is the strict
form.
"""

import re
from typing import Any

_OPENING = re.compile(r"^[^\S\n]*+<think>", re.MULTILINE)
_CLOSING = re.compile(r"</answer>[^\S\n]*+$", re.MULTILINE)


def one_each(completions: list[str], **_: Any) -> list[float | None]:
    """1 when the text has exactly one of each part."""
    return [float(_thoughts(text) == 1 and _answers(text) == 1) for text in completions]


def _thoughts(text: str) -> int:
    """How many parts from an opening tag at the beginning of a line up to the next closing tag."""
    count = reached = 0
    for opening in _OPENING.finditer(text):
        if opening.start() < reached:
            continue
        closing = text.find("</think>", opening.end())
        if closing < 0:
            break
        count, reached = count + 1, closing + len("</think>")
    return count


def _answers(text: str) -> int:
    """How many parts from an opening tag up to the next closing tag at the end of a line."""
    count = reached = 0
    for closing in _CLOSING.finditer(text):
        opening = text.find("<answer>", reached, closing.start())
        if opening >= 0:
            count, reached = count + 1, closing.end()
    return count
