"""VideoChat-R1's grounding of an answer: the spans of a `glue` block against the true ones, in seconds.

    glue [[13.8, 29.8]]   <glue>[(10, 30)]</glue>   ->  0.8

Spans of either side are merged where they overlap; the score is their common length over the length of their union.
The block must be a list of pairs of non-negative decimals, `[(a, b), ...]`, each in order, with nothing around it but
one line break behind. Upstream: OpenGVLab/VideoChat-R1@73b2ea9 src/open_r1/grpo_tasks.py (the paper's figure writes
`clue`). What is called `strict` is ours.
"""

import ast
import re
from collections.abc import Sequence
from typing import Any

from rlvr.spans import between

Spans = Sequence[Sequence[float]]
"""Pairs of start and end, in seconds."""

PAIR = r"\(\d++(?:\.\d++)?+,\s*+\d++(?:\.\d++)?+\)"
LIST = re.compile(rf"\[(?:{PAIR}(?:,\s*+{PAIR})*+,?+)?+\]\n?+")
MAX_CHARACTERS = 65_536
"""Longest block that is read."""


def iou(completions: list[str], *, glue: Sequence[Spans | None], **_: Any) -> list[float | None]:
    """Score of the first glue block; 0 for none or a malformed one, None for rows without true spans."""
    return [None if truth is None else score(text, truth) for text, truth in zip(completions, glue, strict=True)]


def strict(completions: list[str], *, glue: Sequence[Spans | None], **_: Any) -> list[float | None]:
    """As `iou`, but the completion must have exactly one glue block with at least one span."""
    return [
        None if truth is None else score(text, truth) if _is_plain(text) else 0.0
        for text, truth in zip(completions, glue, strict=True)
    ]


def _is_plain(text: str) -> bool:
    return text.count("<glue>") == 1 == text.count("</glue>") and bool(written_spans(text))


def score(text: str, truth: Spans) -> float:
    """Overlap of what the text's first glue block says with the true spans; 0 where it says nothing readable."""
    spans = written_spans(text)
    return 0.0 if spans is None else overlap(spans, truth)


def written_spans(text: str) -> list[tuple[float, float]] | None:
    """Spans of the first glue block, perhaps none; None when there is no block or it is malformed."""
    block = first_block(text, "glue")
    if block is None or len(block) > MAX_CHARACTERS or not LIST.fullmatch(block):
        return None
    try:
        spans: list[tuple[float, float]] = ast.literal_eval(block)
    except (ValueError, SyntaxError):  # digits of other scripts, a leading zero, thousands of digits
        return None
    return spans if all(start <= end < float("inf") for start, end in spans) else None


def first_block(text: str, tag: str) -> str | None:
    """Content of the first complete `<tag>...</tag>`, as it stands; None when there is none."""
    return next(between(text, f"<{tag}>", f"</{tag}>"), None)


def overlap(given: Spans, truth: Spans) -> float:
    """Common length over length of the union; 1 where neither side has any length."""
    one, other = merged(given), merged(truth)
    common = _common(one, other)
    whole = _length([*one, *other]) - common
    return common / whole if whole else 1.0


def precision(given: Spans, truth: Spans) -> float:
    """Share of the given moments that lies in the true ones (intersection over prediction); 0 where none is given."""
    one = merged(given)
    whole = _length(one)
    return _common(one, merged(truth)) / whole if whole else 0.0


def _length(spans: Spans) -> float:
    return float(sum(end - start for start, end in spans))


def _common(one: Spans, other: Spans) -> float:
    """Length that is in both, each merged and in order."""
    common, place, against = 0.0, 0, 0
    while place < len(one) and against < len(other):
        (start, end), (true_start, true_end) = one[place], other[against]
        common += max(0.0, min(end, true_end) - max(start, true_start))
        if end < true_end:
            place += 1
        else:
            against += 1
    return common


def merged(spans: Spans) -> list[tuple[float, float]]:
    """The spans in order, those that touch or overlap as one."""
    result: list[tuple[float, float]] = []
    for start, end in sorted((span[0], span[1]) for span in spans):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result
