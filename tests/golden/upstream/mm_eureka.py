"""Adapters for MM-Eureka's rewards, advantages and evaluation rules."""

import re
from typing import Any

import torch
from shapes import Inputs

from rlvr.rewards import boxed_math, symbolic, tag_counts, tagged_math
from rlvr.rl.advantages import advantages
from rlvr.rl.length_weight import length_weights
from rlvr.scoring.inferred_option import inferred_option
from rlvr.scoring.math_vision import is_equal
from rlvr.scoring.math_vista import post_check
from rlvr.training import Advantage

UNIT = re.compile(r"\$\d+[a-z]+\$")
"""A number with a unit right behind it, which math-verify 0.9 reads and 0.5 did not."""

REWARDS = {
    "qwen_instruct": (tagged_math.dollar_gold, tag_counts.instruct),
    "internvl_instruct": (tagged_math.bare_gold, tag_counts.instruct_ended),
    "internvl_pretrain": (boxed_math.last_box, tag_counts.pretrain),
}

ESTIMATORS = {
    "group_norm": Advantage(baseline="group_mean", scale="group_std", epsilon=1e-9, ddof=1),
    "rloo": Advantage(baseline="leave_one_out", scale="none"),
    "reinforce_baseline": Advantage(baseline="group_mean", scale="none"),
}


def accuracy(variant: str) -> Any:
    function = REWARDS[variant][0]
    return lambda inputs: function([inputs["completion"]], answer=[str(inputs["solution"])])[0]


def read_too(variant: str) -> Any:
    """The reward with what math-verify reads in the reply; the reply itself where nothing is read in the gold."""
    score = accuracy(variant)

    def adapter(inputs: Inputs) -> list[Any]:
        gold = inputs["solution"] if variant == "internvl_instruct" else f"${inputs['solution']}$"
        formula, _ = tagged_math.counted_part(inputs["completion"])
        found = symbolic.compare(formula, gold, tagged_math.REPLY)
        return [score(inputs), with_case(list(found.prediction)) if found.truth else formula]

    return adapter


def with_case(read: list[str]) -> list[str]:
    """Capital letters of symbols, which math-verify 0.9 folds in expressions and keeps in texts."""
    if len(read) < 2:
        return read
    letters = {letter.lower() for letter in read[1] if letter.isupper() and letter.lower() not in read[1]}
    return [
        re.sub(r"\b[a-z]\b", lambda found: found[0].upper() if found[0] in letters else found[0], read[0]),
        *read[1:],
    ]


def form(variant: str) -> Any:
    function = REWARDS[variant][1]
    return lambda inputs: function([inputs["completion"]])[0]


def whole(variant: str) -> Any:
    """Both rewards of a decoded conversation, which our engine splits itself."""
    accuracy_of, form_of = REWARDS[variant]
    qwen = variant == "qwen_instruct"

    def adapter(inputs: Inputs) -> dict[str, list[float]]:
        query = inputs["query"]
        found = re.search(r"<\|im_start\|>\s*assistant\n?(.*)", query, re.DOTALL)
        reply, ended, _ = (found[1] if found else "").partition("<|im_end|>")
        reply = reply.strip()
        columns: dict[str, Any] = {"answer": [str(inputs["solution"])], "truncated": [not qwen and not ended]}
        scores = [float(function([reply], **columns)[0] or 0) for function in (accuracy_of, form_of)]
        scores = scores if reply else [0.0, 0.0]
        names = ("accuracy_rewards", "format_rewards")
        result = {"rewards": [sum(scores)]} | {name: [score] for name, score in zip(names, scores, strict=True)}
        return result if qwen else result | {"repetition_penalties": [0.0]}

    return adapter


def estimator(name: str) -> Any:
    settings = ESTIMATORS[name]
    return lambda inputs: advantages(torch.tensor([inputs["rewards"]]), settings)[0].tolist()


def weighted(inputs: Inputs) -> list[float]:
    rewards, lengths = torch.tensor([inputs["rewards"]]), torch.tensor([inputs["response_length"]])
    weights = length_weights(rewards, lengths, inputs["adora_lamda"], longest=4094)
    return (advantages(rewards, ESTIMATORS["group_norm"]) * weights)[0].tolist()


def weights(inputs: Inputs) -> list[float]:
    rewards, lengths = torch.tensor(inputs["rewards"]), torch.tensor(inputs["response_length"])
    return length_weights(rewards, lengths, inputs["lamda"], longest=4094).expand_as(rewards)[0].tolist()


ADAPTERS = {
    **{f"{variant}:accuracy_reward_func": accuracy(variant) for variant in REWARDS},
    **{f"{variant}:format_reward_func": form(variant) for variant in REWARDS},
    **{f"{variant}:reward_func": whole(variant) for variant in REWARDS},
    **{f"k12_real/{variant}:accuracy_reward_func": read_too(variant) for variant in REWARDS},
    **{f"process_experiences[{name}]": estimator(name) for name in ESTIMATORS},
    "process_experiences[reinforce]": lambda inputs: torch.tensor(inputs["rewards"], dtype=torch.float32).tolist(),
    "process_experiences[group_norm+adora]": weighted,
    "weight_func": weights,
    "can_infer": lambda inputs: inferred_option(inputs["completion"], inputs["choices"]) or False,
    "post_check": lambda inputs: post_check(
        inputs["completion"], inputs["solution"], inputs["choices"], inputs["answer_type"]
    ),
    "is_equal": lambda inputs: is_equal(inputs["completion"], inputs["solution"]),
}

DEPARTURES = {
    "text_golds": lambda row: row["reward"] == "reward_func" and not isinstance(row["inputs"]["solution"], str),
    "math_verify_version": lambda row: UNIT.search(row["inputs"].get("completion", "")) is not None,
}
