"""VideoChat-R1's video quality: the first answer block names the label, whatever its case.

    answer "high quality"   <answer> High Quality </answer>   ->  1

Upstream: OpenGVLab/VideoChat-R1@73b2ea9 src/open_r1/grpo_cls.py. It needs no strict form: nothing but the label scores.
"""

from typing import Any

from rlvr.answers import answer_span


def same_label(completions: list[str], *, answer: list[str], **_: Any) -> list[float | None]:
    """1 when the first answer block is the label, without regard to case and white space around it."""
    return [
        float((span := answer_span(text)) is not None and span.lower() == truth.strip().lower())
        for text, truth in zip(completions, answer, strict=True)
    ]
