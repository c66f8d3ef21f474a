"""From a golden row's upstream reward name and inputs to a call of our function.

`ADAPTERS[method][reward]` (or `"task:reward"` where tasks share names) takes the row's inputs and gives what our code
returns: a number, None, a list for inputs that are a batch, or a `Text` where upstream returns text.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import kimi_vl_thinking
import mmr1
import vl_rethinker

from rlvr.answers import digits_only_answer, sliced_answer, trace_conclusion
from rlvr.rewards import digits, math_accuracy, message_decoding, symbolic, think_format
from rlvr.scoring import exact

Inputs = dict[str, Any]
Adapter = Callable[[Inputs], Any]


@dataclass(frozen=True)
class Text:
    """A result that has a text; `score` is None where the upstream function returns the text alone."""

    text: str | None
    score: float | None = None


def reward(function: Callable[..., list[float | None]], *columns: str) -> Adapter:
    """A reward whose columns are the row's inputs of the same names."""
    return lambda inputs: function([inputs["completion"]], **{name: [inputs[name]] for name in columns})[0]


def superclevr_number(inputs: Inputs) -> float | None:
    """The evaluation's extractor returns the number itself; the scorer says the same of it."""
    number = digits_only_answer(inputs["completion"])
    truth = number or "0"
    assert exact.superclevr_published([inputs["completion"]], answer=[truth]) == [None if number is None else 1.0]
    return None if number is None else float(int(number))


def geoqa(inputs: Inputs) -> float:
    return float(symbolic.equal(inputs["completion"], inputs["ground_truth"]) is True)


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


MESSAGE = ("decoded_message", "coded_message")
SEQUENCES = "message_decoding_words_and_sequences"

ADAPTERS: Mapping[str, Mapping[str, Adapter]] = {
    "r1_v": {
        "accuracy_reward": reward(math_accuracy.accuracy, "solution"),
        "format_reward": reward(think_format.fullmatch),
        "format_reward@033f53c": reward(think_format.published_run),
        "extract_number_answer": superclevr_number,
        "extract_answer_from_query": lambda inputs: Text(trace_conclusion(inputs["completion"])),
        "geoqa_is_correct": geoqa,
    },
    "r1_vlm": {
        "digit_recognition:correctness_reward_func": digit_answer,
        "digit_recognition:format_reward_func": reward(think_format.one_newline),
        "message_decoding_words:correctness_reward_func": reward(message_decoding.word_correctness, "decoded_message"),
        "message_decoding_words:format_reward_func": reward(think_format.one_newline),
        f"{SEQUENCES}:chars_intermediate_reward_func": reward(message_decoding.chars_intermediate, *MESSAGE),
        f"{SEQUENCES}:correctness_reward_func": reward(message_decoding.correctness, *MESSAGE),
        f"{SEQUENCES}:correctness_intermediate_reward_func": reward(
            message_decoding.correctness_intermediate, *MESSAGE
        ),
        f"{SEQUENCES}:format_reward_func": reward(message_decoding.chars_format),
        "eval_sequences:extract_answer": message,
    },
    "kimi_vl_thinking": kimi_vl_thinking.ADAPTERS,
    "vl_rethinker": vl_rethinker.ADAPTERS,
    "mmr1": mmr1.ADAPTERS,
}

UNCOVERED: Mapping[str, Mapping[str, str]] = {
    "vl_rethinker": {
        "batch_rule_reward": "reward",
        "rule_reward[requires_box=True]": "reward",
        "handle_boxed[wait]": "reward",
        "handle_boxed[confidence]": "reward",
        "normalize_answer": "reward",
        "do_verify": "reward",
        "shaped_reward": "reward",
        "handle_advantages[group_sft,format=longer]": "an option that no published script switches on",
    },
    "mmr1": {
        "r1v_accuracy_reward": "reward",
        "r1v_accuracy_only_reward": "reward",
        "format_reward_batch": "reward",
        "r1v_format_reward": "reward",
        "repetition_penalty": "reward",
        "cosine_len": "reward",
        "openr1_compute_score_batch_wo_LMM": "reward",
        "math_compute_score": "reward",
        "r1v_compute_score": "reward",
    },
}
"""Upstream functions without an adapter yet, and what they are; their rows are counted at the end of a run."""
