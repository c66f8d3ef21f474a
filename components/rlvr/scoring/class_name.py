"""Answer rules of Visual-RFT's classification benchmarks: `category` is the name of the true class.

Upstream: Liuziyu77/Visual-RFT@9486633 classification/Qwen2_VL_classification_infere.py.
"""

from typing import Any

from rlvr.answers import last_answer_span, one_line_answer_span
from rlvr.rewards.class_name import bare, overlap


def published(completions: list[str], *, category: list[str], **_: Any) -> list[float | None]:
    """The first one-line answer tag is part of the name or the name part of it; None without such a tag."""
    spans = [one_line_answer_span(text) for text in completions]
    return [None if span is None else float(overlap(span, name)) for span, name in zip(spans, category, strict=True)]


def strict(completions: list[str], *, category: list[str], **_: Any) -> list[float | None]:
    """The last complete answer tag is the name, apart from case, spaces and underscores."""
    spans = [last_answer_span(text) for text in completions]
    return [
        None if span is None else float(bare(span) == bare(name)) for span, name in zip(spans, category, strict=True)
    ]
