r"""Reason-RFT's optional reward for reasoning in steps: a third for each mark of a step, 1 for three or more.

Marks are `Step 3:`, a number with a point at the very beginning of the text (upstream means of every line), a line that
begins with `-` or `*` (not the first one), and `First,` `Second,` `Next,` `Finally,`. Marks pay wherever they stand, so
"First,Next,Finally," is a full score.
Upstream: tanhuajie/Reason-RFT@d0a8070 train/stage_rl/reward.py (reasoning_steps_reward, taken from open-r1).
"""

import re
from typing import Any

MARK = re.compile(r"Step \d++:|\A\d++\.|\n[-*]|(?:First|Second|Next|Finally),")
ENOUGH = 3


def steps(completions: list[str], **_: Any) -> list[float | None]:
    """min(1, marks / 3)."""
    return [min(1.0, len(MARK.findall(text)) / ENOUGH) for text in completions]
