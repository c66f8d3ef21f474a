"""VideoChat-R1's formats: think and answer blocks, with or without a glue block, white space around them ignored.

| function | blocks, in order, with nothing but white space between | the first glue block |
|---|---|---|
| `think_answer` | think, answer | - |
| `think_answer_glue` | think, answer, glue | a list of spans |
| `answer_glue` | answer, glue | a list of spans |

Content is free, so a block may hold further tags. `pad` is upstream's filler, by which its tasks have equally many
reward columns. Upstream: OpenGVLab/VideoChat-R1@73b2ea9 src/open_r1/grpo_tasks.py, grpo_gqa_nothink.py, grpo_cls.py.
"""

import re
from typing import Any

from rlvr.rewards import think_format
from rlvr.rewards.glue_spans import written_spans

BORDERS = {
    "think": re.compile(r"</think>\s*+<answer>"),
    "answer": re.compile(r"</answer>\s*+<glue>"),
}
"""What stands between a block and the next one."""


def think_answer(completions: list[str], **_: Any) -> list[float | None]:
    """1 for a think block, an answer block and nothing else."""
    return think_format.fullmatch([text.strip() for text in completions])


def think_answer_glue(completions: list[str], **_: Any) -> list[float | None]:
    """1 for think, answer and glue blocks and nothing else, the first glue block being a list of spans."""
    return [
        float(_consists_of(text.strip(), "think", "answer") and written_spans(text) is not None) for text in completions
    ]


def answer_glue(completions: list[str], **_: Any) -> list[float | None]:
    """1 for answer and glue blocks and nothing else, the first glue block being a list of spans."""
    return [float(_consists_of(text.strip(), "answer") and written_spans(text) is not None) for text in completions]


def pad(completions: list[str], **_: Any) -> list[float | None]:
    """0 for everything."""
    return [0.0] * len(completions)


def _consists_of(text: str, *blocks: str) -> bool:
    """Whether the text is these blocks and a glue block at the end. The earliest borders leave the most room."""
    if not text.startswith(f"<{blocks[0]}>") or not text.endswith("</glue>"):
        return False
    place, end = len(blocks[0]) + 2, len(text) - len("</glue>")
    for block in blocks:
        border = BORDERS[block].search(text, place, max(end, 0))
        if border is None:
            return False
        place = border.end()
    return True
