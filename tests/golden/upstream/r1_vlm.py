"""Adapters for r1-vlm's rewards and its evaluation's extractor."""

from typing import Any

from shapes import Inputs, Text, reward

from rlvr.answers import sliced_answer
from rlvr.rewards import digits, message_decoding, think_format
from rlvr.scoring import exact

MESSAGE = ("decoded_message", "coded_message")
SEQUENCES = "message_decoding_words_and_sequences"


def digit_answer(inputs: Inputs) -> Any:
    """Upstream's task, label and total as our answer and its kind; the inputs may be one row or a batch."""
    if not isinstance(inputs["completion"], list):
        return digit_answer({name: [value] for name, value in inputs.items()})[0]
    recognition = [task == "recognition" for task in inputs["task"]]
    truths = zip(recognition, inputs["label"], inputs["total"], strict=True)
    return digits.correctness(
        inputs["completion"],
        answer=[str(sorted(label)) if listed else str(total) for listed, label, total in truths],
        answer_kind=["digit_list" if listed else "integer" for listed in recognition],
    )


def message(inputs: Inputs) -> Text:
    score = exact.message_published([inputs["completion"]], decoded_message=[inputs["decoded_message"]])[0]
    return Text(sliced_answer(inputs["completion"]), score or 0.0)


def _tasks(row: dict[str, Any]) -> set[str]:
    task = row["inputs"].get("task", ())
    return set(task) if isinstance(task, list) else {task}


ADAPTERS = {
    "digit_recognition:correctness_reward_func": digit_answer,
    "digit_recognition:format_reward_func": reward(think_format.one_newline),
    "message_decoding_words:correctness_reward_func": reward(message_decoding.word_correctness, "decoded_message"),
    "message_decoding_words:format_reward_func": reward(think_format.one_newline),
    f"{SEQUENCES}:chars_intermediate_reward_func": reward(message_decoding.chars_intermediate, *MESSAGE),
    f"{SEQUENCES}:correctness_reward_func": reward(message_decoding.correctness, *MESSAGE),
    f"{SEQUENCES}:correctness_intermediate_reward_func": reward(message_decoding.correctness_intermediate, *MESSAGE),
    f"{SEQUENCES}:format_reward_func": reward(message_decoding.chars_format),
    "eval_sequences:extract_answer": message,
}

DEPARTURES = {"mixed_digit_batch": lambda row: row["task"] == "digit_recognition" and len(_tasks(row)) > 1}
