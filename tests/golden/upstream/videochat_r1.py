"""Adapters for VideoChat-R1's rewards and its evaluation's reading of a span."""

import math
from collections.abc import Callable
from typing import Any

from shapes import Adapter, Inputs

from rlvr.rewards import glue_spans, grounding_format, label_text, option_letter, time_span, tracked_boxes

JOINT = "grpo_tasks.iou_timestamp_reward"


def spans(function: Callable[..., list[float | None]]) -> Adapter:
    """One completion, or a batch, which upstream fails as a whole."""

    def adapter(inputs: Inputs) -> Any:
        if "completions" not in inputs:
            return function([inputs["completion"]], span_seconds=[inputs["solution"]])[0]
        scores = function(inputs["completions"], span_seconds=inputs["solution"])
        return None if None in scores else scores

    return adapter


def solved(function: Callable[..., list[float | None]], column: str, key: str) -> Adapter:
    """A reward that reads one key of upstream's solution as a column of ours."""
    return lambda inputs: function([inputs["completion"]], **{column: [inputs["solution"][key]]})[0]


def label(inputs: Inputs) -> Any:
    return label_text.same_label([inputs["completion"]], answer=[inputs["solution"]])[0]


def form(function: Callable[..., list[float | None]]) -> Adapter:
    return lambda inputs: function([inputs["completion"]])[0]


ADAPTERS = {
    JOINT: spans(time_span.iou),
    "grpo_tg.iou_timestamp_reward": spans(time_span.iou_ordered),
    "grpo_tasks.iou_glue_reward": solved(glue_spans.iou, "glue", "glue"),
    "grpo_tasks.answer_reward": solved(option_letter.first_capital, "answer", "answer"),
    "grpo_tasks.tracking_iou_reward": solved(tracked_boxes.iou, "boxes", "answer"),
    "grpo_tasks.tracking_format_reward": form(tracked_boxes.format),
    "grpo_tasks.format_reward_tg": form(grounding_format.think_answer),
    "grpo_tasks.format_reward_gqa": form(grounding_format.think_answer_glue),
    "grpo_gqa_nothink.format_reward": form(grounding_format.answer_glue),
    "grpo_tasks.pad": form(grounding_format.pad),
    "grpo_cls.answer_reward": label,
    "grpo_cls.format_reward": form(grounding_format.think_answer),
    "evaluate_grounding.parse_timestamp_output": lambda inputs: list(
        time_span.last_pair(inputs["completion"]) or (None, None)
    ),
}


def _not_finite(row: dict[str, Any]) -> bool:
    expected = row.get("expected")
    return isinstance(expected, float) and not math.isfinite(expected)


DEPARTURES = {
    "stale_overlap": lambda row: row["reward"] == JOINT and "completions" in row["inputs"],
    "finite_scores": _not_finite,
}
