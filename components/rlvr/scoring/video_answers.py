"""Answer rules of VideoChat-R1's benchmarks: spans of time, moments of an answer, letters, tracked boxes, labels.

Scores lie in [0, 1]; None means that no answer could be read. `*_published` follows the published evaluation
(OpenGVLab/VideoChat-R1@73b2ea9 src_eval), `*_strict` reads the last answer tag (or the only glue tag), which must hold
nothing else. Two faults of the published scripts are left out: scores of unread answers that are those of the answer
before, and means that are the last answer's.
"""

from typing import Any

from rlvr.answers import last_answer_span
from rlvr.rewards import glue_spans, option_letter, time_span, tracked_boxes
from rlvr.rewards.glue_spans import Spans, first_block, written_spans

RECALL_AT = 0.5
"""Overlap from which on a span counts as found (R@0.5)."""

GROUNDED = 0.5
"""Share of the given moments that must lie in the true ones for an answer to be grounded (Acc@GQA)."""


def span_published(completions: list[str], *, span_seconds: list[list[float]], **_: Any) -> list[float | None]:
    """Overlap of the last `NUMBER to NUMBER` of the whole reply with the true span; the mean is mIoU."""
    return [_overlap(time_span.last_pair(text), truth) for text, truth in zip(completions, span_seconds, strict=True)]


def span_strict(completions: list[str], *, span_seconds: list[list[float]], **_: Any) -> list[float | None]:
    """The last answer tag must hold `NUMBER to NUMBER`, in order."""
    return [_overlap(time_span.strict_span(text), truth) for text, truth in zip(completions, span_seconds, strict=True)]


def recall_published(completions: list[str], *, span_seconds: list[list[float]], **_: Any) -> list[float | None]:
    """1 where the overlap is at least one half; the mean is R@0.5."""
    return [_found(score) for score in span_published(completions, span_seconds=span_seconds)]


def recall_strict(completions: list[str], *, span_seconds: list[list[float]], **_: Any) -> list[float | None]:
    """The same of `span_strict`."""
    return [_found(score) for score in span_strict(completions, span_seconds=span_seconds)]


def moments_published(completions: list[str], *, glue: list[Spans], **_: Any) -> list[float | None]:
    """Overlap of the first glue tag's moments with the true ones; the mean is mIoU."""
    spans = [written_spans(text) for text in completions]
    return [
        None if given is None else glue_spans.overlap(given, truth) for given, truth in zip(spans, glue, strict=True)
    ]


def moments_strict(completions: list[str], *, glue: list[Spans], **_: Any) -> list[float | None]:
    """There must be one glue tag, with at least one moment."""
    scores = glue_spans.strict(completions, glue=glue)
    return [score if written_spans(text) else None for text, score in zip(completions, scores, strict=True)]


def letter_published(completions: list[str], *, answer: list[str], **_: Any) -> list[float | None]:
    """The first capital A to G of the first answer tag."""
    scores = option_letter.first_capital(completions, answer=answer)
    return [
        score if option_letter.letter(first_block(text, "answer") or "") else None
        for text, score in zip(completions, scores, strict=True)
    ]


def letter_strict(completions: list[str], *, answer: list[str], **_: Any) -> list[float | None]:
    """The last answer tag must be a letter, in brackets or bare."""
    scores = option_letter.strict(completions, answer=answer)
    spans = [option_letter.STRICT.fullmatch(last_answer_span(text) or "") for text in completions]
    return [score if match else None for score, match in zip(scores, spans, strict=True)]


def joint_published(completions: list[str], *, answer: list[str], glue: list[Spans], **_: Any) -> list[float | None]:
    """1 where the letter is right and at least half of the given moments lies in the true ones: Acc@GQA."""
    letters = letter_published(completions, answer=answer)
    shares = [
        glue_spans.precision(written_spans(text) or [], truth) for text, truth in zip(completions, glue, strict=True)
    ]
    return [_joint(letter, share) for letter, share in zip(letters, shares, strict=True)]


def joint_strict(completions: list[str], *, answer: list[str], glue: list[Spans], **_: Any) -> list[float | None]:
    """The same by the strict letter and moments."""
    letters = letter_strict(completions, answer=answer)
    read = moments_strict(completions, glue=glue)
    shares = [
        glue_spans.precision(written_spans(text) or [], truth) if score else 0.0
        for text, score, truth in zip(completions, read, glue, strict=True)
    ]
    return [_joint(letter, share) for letter, share in zip(letters, shares, strict=True)]


def boxes_published(completions: list[str], *, boxes: list[list[list[float]]], **_: Any) -> list[float | None]:
    """Mean overlap of the first answer tag's eight boxes with the true ones."""
    scores = tracked_boxes.iou(completions, boxes=boxes)
    return [
        None if tracked_boxes.written_boxes(text) is None else score
        for text, score in zip(completions, scores, strict=True)
    ]


def boxes_strict(completions: list[str], *, boxes: list[list[list[float]]], **_: Any) -> list[float | None]:
    """The last answer tag's boxes, which must lie within the picture, their corners in order."""
    last = [f"<answer>{last_answer_span(text) or ''}</answer>" for text in completions]
    scores = tracked_boxes.strict(last, boxes=boxes)
    return [
        None if tracked_boxes.written_boxes(text) is None else score for text, score in zip(last, scores, strict=True)
    ]


def label_published(completions: list[str], *, answer: list[str], **_: Any) -> list[float | None]:
    """The first answer tag is the label, without regard to case."""
    return [_label(first_block(text, "answer"), truth) for text, truth in zip(completions, answer, strict=True)]


def label_strict(completions: list[str], *, answer: list[str], **_: Any) -> list[float | None]:
    """The last answer tag is the label, without regard to case."""
    return [_label(last_answer_span(text), truth) for text, truth in zip(completions, answer, strict=True)]


def _overlap(given: time_span.Span | None, truth: list[float]) -> float | None:
    return None if given is None else time_span.overlap(given, (truth[0], truth[1])) or 0.0


def _found(score: float | None) -> float | None:
    return None if score is None else float(score >= RECALL_AT)


def _joint(letter: float | None, share: float) -> float | None:
    return None if letter is None else float(letter == 1.0 and share >= GROUNDED)


def _label(given: str | None, truth: str) -> float | None:
    return None if given is None else float(given.strip().lower() == truth.strip().lower())
