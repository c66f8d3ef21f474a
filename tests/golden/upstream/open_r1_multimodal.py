"""Adapters for open-r1-multimodal's rewards; its accuracy reward is R1-V's."""

from shapes import reward

from rlvr.rewards import math_accuracy, think_format

ADAPTERS = {
    "accuracy_reward": reward(math_accuracy.accuracy, "solution"),
    "format_reward": reward(think_format.published_run),
    "format_reward@c26e521": reward(think_format.tight),
}
