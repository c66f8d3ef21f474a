"""Adapters for Reason-RFT's rewards and evaluation scorers."""

import math

from shapes import Adapter, Inputs, reward

from rlvr.rewards import (
    batch_brevity,
    caption_format,
    exact_answer,
    function_sequence,
    numeric_tolerance,
    reasoning_steps,
    think_format,
)
from rlvr.scoring import reason_rft

BEFORE = "958a57d~1"


def nan_as_text(adapter: Adapter) -> Adapter:
    """The rows write NaN as text."""

    def named(inputs: Inputs) -> float | str | None:
        value = adapter(inputs)
        return "NaN" if value is not None and math.isnan(value) else value

    return named


def score(scorer: Adapter) -> Adapter:
    """An answer that cannot be read is a score of 0 upstream; an error stays one."""
    return lambda inputs: scorer(inputs) or (0.0 if isinstance(inputs["solution"], str) else scorer(inputs))


def geomath(inputs: Inputs) -> float | None:
    rule = reason_rft.answer_enhanced if inputs["enhance"] else reason_rft.answer_published
    return score(reward(rule, "solution"))(inputs)


def brevity(inputs: Inputs) -> list[float | None]:
    return batch_brevity.brevity(
        inputs["completions"], solution=inputs["solution"], current_step=inputs["current_step"]
    )


ADAPTERS = {
    "format_reward": reward(think_format.fullmatch),
    "caption_format_reward": reward(caption_format.four_blocks),
    "reasoning_steps_reward": reward(reasoning_steps.steps),
    "accuracy_reward": reward(exact_answer.accuracy, "solution"),
    f"accuracy_reward@{BEFORE}": reward(exact_answer.accuracy_one_line, "solution"),
    "math_accuracy_reward": nan_as_text(reward(numeric_tolerance.tolerance, "solution")),
    f"math_accuracy_reward@{BEFORE}": nan_as_text(reward(numeric_tolerance.tolerance_one_line, "solution")),
    "only_full_func_accuracy_reward": reward(function_sequence.only_full, "solution"),
    f"only_full_func_accuracy_reward@{BEFORE}": reward(function_sequence.only_full_one_line, "solution"),
    "func_accuracy_reward": reward(function_sequence.partial, "solution"),
    f"func_accuracy_reward@{BEFORE}": reward(function_sequence.partial_one_line, "solution"),
    "penalty_func_accuracy_reward": reward(function_sequence.penalised, "solution"),
    f"penalty_func_accuracy_reward@{BEFORE}": reward(function_sequence.penalised_one_line, "solution"),
    "len_reward": brevity,
    "get_score_clevr": score(reward(reason_rft.answer_published, "solution")),
    "get_score_geomath": geomath,
    "get_score_trance": score(reward(reason_rft.trance_published, "solution")),
}
