"""Adapters for Kimi k1.5's formulas. Sequence log-probs are given as sequences of one token each."""

from typing import Any

import torch

from rlvr.long2short.merge import average
from rlvr.rl.advantages import advantages
from rlvr.rl.length_reward import length_rewards, with_length_rewards
from rlvr.rl.loss import token_losses, token_weights
from rlvr.rl.preferences import preference, shortest_correct
from rlvr.rl.samplers.prioritised import probabilities
from rlvr.training import Advantage, LengthReward, Loss

Inputs = dict[str, Any]


def tensor(values: Any) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def total_reward(inputs: Inputs) -> list[float]:
    settings = LengthReward(weight=inputs["weight"], after_steps=inputs["warmup_iterations"])
    rewards = [float(right) for right in inputs["correct"]]
    return with_length_rewards(rewards, inputs["lengths"], inputs["correct"], settings, inputs["iteration"])


def advantages_of(inputs: Inputs) -> torch.Tensor:
    """Advantages of one group, [G]."""
    baseline = {"mean": "group_mean", "logZ": "log_partition"}[inputs["baseline"]]
    settings = Advantage(baseline=baseline, scale="none", tau=inputs["tau"], lone="zero")
    return advantages(tensor([inputs["rewards"]]), settings)[0]


def tau_log_z(inputs: Inputs) -> float:
    return inputs["rewards"][0] - float(advantages_of({**inputs, "baseline": "logZ"})[0])


def surrogate(
    theta: list[list[float]], reference: list[list[float]], advantage: torch.Tensor, tau: float
) -> tuple[float, list[list[float]]]:
    """Loss of some sequences, as token log-probs, and its gradient."""
    settings = Loss(objective="mirror_descent", normaliser="sequence_sum", tau=tau, kl_weight=0.0)
    lengths = torch.tensor([len(sequence) for sequence in theta])
    logprobs = torch.cat([tensor(sequence) for sequence in theta]).requires_grad_()
    old = torch.cat([tensor(sequence) for sequence in reference])
    losses = token_losses(logprobs, old, None, advantage.repeat_interleave(lengths), settings, lengths)
    weights = token_weights(lengths, settings, 1, torch.ones(len(lengths), dtype=torch.bool))
    assert torch.allclose(weights, torch.full_like(weights, 1 / len(lengths)))
    loss = losses.sum() / len(lengths)  # the same weights in float64
    (gradient,) = torch.autograd.grad(loss, logprobs)
    return float(loss.detach()), [part.tolist() for part in gradient.split(lengths.tolist())]


def opmd_surrogate(inputs: Inputs) -> dict[str, Any]:
    """The squared loss is 2 tau times ours, but for a constant: mean A^2 + 2 tau mean A log p_ref."""
    tau, advantage = inputs["tau"], advantages_of(inputs)
    theta, reference = ([[value] for value in inputs[name]] for name in ("logp_theta", "logp_ref"))
    loss, gradient = surrogate(theta, reference, advantage, tau)
    flat = [value for part in gradient for value in part]
    constant = (advantage**2 + 2 * tau * advantage * tensor(inputs["logp_ref"])).mean()
    return {
        "baseline_value": float(inputs["rewards"][0] - advantage[0]),
        "squared_loss": 2 * tau * loss + float(constant),
        "squared_loss_grad": [2 * tau * value for value in flat],
        "surrogate_loss": loss,
        "surrogate_grad": flat,
        "ascent_direction_eq3": [-value for value in flat],
    }


def opmd_batch(inputs: Inputs) -> dict[str, Any]:
    shared = {"tau": inputs["tau"], "baseline": inputs["baseline"]}
    problems = inputs["problems"]
    theta = [[value] for problem in problems for value in problem["logp_theta"]]
    reference = [[value] for problem in problems for value in problem["logp_ref"]]
    advantage = torch.cat([advantages_of({**problem, **shared}) for problem in problems])
    loss, gradient = surrogate(theta, reference, advantage, inputs["tau"])
    size = len(problems[0]["rewards"])
    flat = [value for part in gradient for value in part]
    return {"surrogate_loss": loss, "surrogate_grad": [flat[at : at + size] for at in range(0, len(flat), size)]}


def opmd_tokens(inputs: Inputs) -> dict[str, Any]:
    loss, gradient = surrogate(
        inputs["token_logp_theta"], inputs["token_logp_ref"], advantages_of(inputs), inputs["tau"]
    )
    return {"surrogate_loss": loss, "token_grad": gradient}


def dpo_pairs(inputs: Inputs) -> dict[str, Any] | None:
    found = preference(inputs["lengths"], inputs["correct"], inputs["ratio"])
    return found and {
        "chosen": found.chosen,
        "rejected_wrong_longer": found.wrong,
        "rejected_correct_1p5x": found.long,
    }


ADAPTERS = {
    "length_reward": lambda inputs: length_rewards(inputs["lengths"], inputs["correct"]),
    "total_reward": total_reward,
    "tau_log_Z": tau_log_z,
    "opmd_surrogate": opmd_surrogate,
    "opmd_surrogate_batch": opmd_batch,
    "opmd_surrogate_tokens": opmd_tokens,
    "prioritized_probability": lambda inputs: probabilities(inputs["success_rates"]),
    "shortest_rejection_sampling": lambda inputs: shortest_correct(inputs["lengths"], inputs["correct"]),
    "dpo_pairs": dpo_pairs,
    "model_merge": lambda inputs: average(tensor(inputs["long"]), tensor(inputs["short"]), 0.5).tolist(),
}
