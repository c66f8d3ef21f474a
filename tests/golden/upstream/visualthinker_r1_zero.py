"""Adapters for VisualThinker-R1-Zero's rewards and its CV-Bench evaluation."""

from shapes import Inputs, reward

from rlvr.rewards import option_accuracy, think_format
from rlvr.scoring import cv_bench


def prefilled_format(inputs: Inputs) -> float | None:
    """In base mode the reward reads the prompt's own opening tag in front of the completion."""
    prefill = "<think>"
    return think_format.fullmatch([prefill + inputs["completion"]])[0]


def cv_bench_correct(inputs: Inputs) -> float:
    options = inputs["choices"]
    truth = options["ABCDEF".index(inputs["answer"].strip("()"))]
    return cv_bench.published([inputs["completion"]], answer=[truth], options=[options])[0] or 0.0


ADAPTERS = {
    "accuracy_reward": reward(option_accuracy.accuracy, "solution"),
    "sat_base:format_reward": prefilled_format,
    "sat_instruct:format_reward": reward(think_format.fullmatch),
    "cvbench_correct": cv_bench_correct,
}
