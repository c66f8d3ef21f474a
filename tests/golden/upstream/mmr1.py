"""Adapters for MMR1's sampling metrics and advantages."""

from typing import Any

import numpy as np
import torch

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


ADAPTERS = {
    "self_bleu_123": lambda inputs: self_bleu_123(inputs["tokens"]),
    "distinct_3": lambda inputs: distinct_3(inputs["tokens"]),
    "pairwise_edit_distance": lambda inputs: pairwise_edit_distance(inputs["tokens"]),
    "learnability": lambda inputs: learnability(sum(inputs["accuracy"]) / len(inputs["accuracy"])),
    "combine_metric_results": combined,
    "compute_grpo_outcome_advantage": grpo_advantage,
}

UNCOVERED = {
    "r1v_accuracy_reward": "reward",
    "r1v_accuracy_only_reward": "reward",
    "format_reward_batch": "reward",
    "r1v_format_reward": "reward",
    "repetition_penalty": "reward",
    "cosine_len": "reward",
    "openr1_compute_score_batch_wo_LMM": "reward",
    "math_compute_score": "reward",
    "r1v_compute_score": "reward",
}
