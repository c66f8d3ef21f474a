"""Curr-ReFT's format reward: think block, answer block, and for the label `detection` a box within braces.

The box is asked for in every stage, so a yes or an option letter in a row labelled `detection` never earns it;
`strict` asks for it only where the solution is a box itself.
Upstream: ding523/Curr_REFT@f123433 src/open_r1/Stage{1,2,3}_*_math_resize.py; linear time on any text.
"""

import re
from typing import Any

from rlvr.rewards import think_format

BOX = re.compile(r"\[\d++,\s*+\d++,\s*+\d++,\s*+\d++\]")


def blocks(completions: list[str], *, label: list[str], **_: Any) -> list[float | None]:
    """1 for exactly the two blocks; `label` is upstream's column `task`."""
    formed = think_format.fullmatch(completions)
    return [
        score if kind != "detection" or not score else float(_box_in_braces(text))
        for text, kind, score in zip(completions, label, formed, strict=True)
    ]


def strict(completions: list[str], *, label: list[str], solution: list[str], **_: Any) -> list[float | None]:
    """The same, with the box only where there is one to be given."""
    boxed = [kind == "detection" and BOX.search(truth) for kind, truth in zip(label, solution, strict=True)]
    return blocks(completions, label=["detection" if box else "other" for box in boxed])


def _box_in_braces(text: str) -> bool:
    """Whether the answer block of a well-formed text has `{`, a box of plain integers and `}` in this order."""
    border = think_format.BETWEEN.search(text, len("<think>"))
    if border is None:
        return False
    opening, closing = text.find("{", border.end()), text.rfind("}", 0, len(text) - len("</answer>"))
    return opening >= 0 and BOX.search(text, opening, max(closing, opening)) is not None
