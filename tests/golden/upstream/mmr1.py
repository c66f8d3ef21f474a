"""Adapters for MMR1's rewards, sampling metrics and advantages."""

from typing import Any

import numpy as np
import torch
from shapes import reward

from rlvr.rewards import box_with_thoughts, candidate_accuracy, character_cosine, line_tags, think_format, word_runs
from rlvr.rl.advantages import advantages
from rlvr.rl.samplers.diversity import distinct_3, pairwise_edit_distance, self_bleu_123
from rlvr.rl.samplers.variance_aware import combine, learnability
from rlvr.training import Advantage

Inputs = dict[str, Any]


def combined(inputs: Inputs) -> list[float]:
    """Upstream adds in float32."""
    return combine([np.array(result, dtype=np.float32) for result in inputs["results"]], inputs["weights"]).tolist()


def grpo_advantage(inputs: Inputs) -> list[list[float]]:
    settings = Advantage(scale="group_std", epsilon=1e-6, ddof=1, lone="reward")
    rewards = torch.tensor(inputs["token_level_rewards"]).sum(1)
    values = torch.zeros(len(rewards))
    for group in sorted(set(inputs["index"])):
        members = torch.tensor([name == group for name in inputs["index"]])
        values[members] = advantages(rewards[members][None], settings)[0]
    return (values[:, None] * torch.tensor(inputs["eos_mask"])).tolist()


def scored(function: Any, inputs: Inputs) -> float:
    return float(function([inputs["completion"]], answer=[inputs["solution"]])[0])


def cosine(inputs: Inputs) -> float:
    bounds = {name: (inputs[f"min_value_{name}"], inputs[f"max_value_{name}"]) for name in ("wrong", "correct")}
    return character_cosine.value(
        inputs["completion_chars"],
        inputs["max_len"],
        right=inputs["acc_reward"] == 1.0,
        of_wrong=bounds["wrong"],
        of_right=bounds["correct"],
    )


def parts(inputs: Inputs, **functions: Any) -> dict[str, float]:
    return {name: scored(function, inputs) for name, function in functions.items()}


def main_score(inputs: Inputs) -> dict[str, float]:
    scores = parts(inputs, accuracy=candidate_accuracy.accuracy, format=line_tags.one_each)
    scores |= {"cosine_len": 0.0, "repetition_penalty": word_runs.penalty(inputs["completion"])}
    return {"overall": sum(scores.values()), **scores}


def stock_score(inputs: Inputs) -> dict[str, float]:
    scores = parts(inputs, accuracy=box_with_thoughts.accuracy, format=box_with_thoughts.form)
    return {"overall": 0.9 * scores["accuracy"] + 0.1 * scores["format"], **scores}


def half_score(inputs: Inputs) -> dict[str, float]:
    scores = parts(inputs, accuracy=candidate_accuracy.accuracy, format=think_format.fullmatch)
    return {"overall": 0.5 * scores["accuracy"] + 0.5 * scores["format"], **scores}


ADAPTERS = {
    "r1v_accuracy_reward": lambda inputs: scored(candidate_accuracy.accuracy, inputs),
    "r1v_accuracy_only_reward": lambda inputs: scored(candidate_accuracy.before_judge, inputs),
    "format_reward_batch": reward(line_tags.one_each),
    "r1v_format_reward": reward(think_format.fullmatch),
    "repetition_penalty": lambda inputs: word_runs.penalty(
        inputs["completion"], inputs["ngram_size"], inputs["max_penalty"]
    ),
    "cosine_len": cosine,
    "openr1_compute_score_batch_wo_LMM": main_score,
    "math_compute_score": stock_score,
    "r1v_compute_score": half_score,
    "self_bleu_123": lambda inputs: self_bleu_123(inputs["tokens"]),
    "distinct_3": lambda inputs: distinct_3(inputs["tokens"]),
    "pairwise_edit_distance": lambda inputs: pairwise_edit_distance(inputs["tokens"]),
    "learnability": lambda inputs: learnability(sum(inputs["accuracy"]) / len(inputs["accuracy"])),
    "combine_metric_results": combined,
    "compute_grpo_outcome_advantage": grpo_advantage,
}
