"""Adapters for R1-V's rewards, extractors and evaluation rules."""

from shapes import Inputs, Text, reward

from rlvr.answers import digits_only_answer, trace_conclusion
from rlvr.rewards import math_accuracy, symbolic, think_format
from rlvr.scoring import exact


def superclevr_number(inputs: Inputs) -> float | None:
    """The evaluation's extractor returns the number itself; the scorer says the same of it."""
    number = digits_only_answer(inputs["completion"])
    truth = number or "0"
    assert exact.superclevr_published([inputs["completion"]], answer=[truth]) == [None if number is None else 1.0]
    return None if number is None else float(int(number))


def geoqa(inputs: Inputs) -> float:
    return float(symbolic.equal(inputs["completion"], inputs["ground_truth"]) is True)


ADAPTERS = {
    "accuracy_reward": reward(math_accuracy.accuracy, "solution"),
    "format_reward": reward(think_format.fullmatch),
    "format_reward@033f53c": reward(think_format.published_run),
    "extract_number_answer": superclevr_number,
    "extract_answer_from_query": lambda inputs: Text(trace_conclusion(inputs["completion"])),
    "geoqa_is_correct": geoqa,
}
