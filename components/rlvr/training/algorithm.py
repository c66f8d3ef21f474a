"""From rewards to a loss: advantages, policy objective, KL term, normalisation, length reward."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True, slots=True)
class Advantage:
    """How the rewards of a group become advantages."""

    baseline: Literal["group_mean", "leave_one_out", "log_partition"] = "group_mean"
    """What is subtracted: the group's mean, the mean of the other completions (RLOO), or tau log mean exp(r / tau)
    (online policy mirror descent, Kimi k1.5 §2.3.2)."""
    scale: Literal["group_std", "batch_std", "none"] = "group_std"
    """What the difference is divided by."""
    epsilon: float = 1e-4
    """Added to the standard deviation."""
    ddof: int = 1
    """Degrees of freedom taken off in the standard deviation (1: unbiased)."""
    tau: float = 1.0
    """Temperature of the log partition baseline."""
    lone: Literal["zero", "reward"] = "zero"
    """Advantage of a completion that is alone in its group: 0, or reward / (1 + epsilon) (verl and its descendants)."""
    whiten: bool = False
    """Whether advantages are standardised again over the whole batch (RLOO of OpenRLHF)."""
    longer: bool = False
    """Whether the advantages of right answers grow by up to a half with their length, and shrink with their brevity
    (an option of VL-Rethinker's code)."""
    brief_weight: float = 1.0
    """Factor of the advantages of groups whose longest right completion is no longer than their wrong ones on average
    (ADORA, an option of MM-Eureka's code); 1 has no effect."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Loss:
    """The policy loss and its KL term."""

    objective: Literal["ratio_one", "clipped", "mirror_descent"] = "ratio_one"
    """`ratio_one`: the importance ratio is 1 in value and only carries the gradient; `clipped`: PPO's clipped ratio;
    `mirror_descent`: (tau / 2) (A / tau - log ratio of the sequence)^2 without its constant (Kimi k1.5 §2.3.2)."""
    clip_low: float = 0.2
    """Ratios below 1 - clip_low are clipped (when `clipped`)."""
    clip_high: float = 0.2
    """Ratios above 1 + clip_high are clipped (when `clipped`)."""
    ratio_cap: float | None = None
    """Bound of the unclipped ratio (when `clipped`); None sets none."""
    tau: float = 1.0
    """Regularisation of `mirror_descent`."""
    normaliser: Literal["sequence_mean", "token_mean", "constant_length", "sequence_sum"] = "sequence_mean"
    """Mean over tokens of a completion then over completions; mean over all tokens; sum divided by max_new_tokens and
    completions (Dr. GRPO); sum over tokens then mean over completions."""
    kl_weight: float = 0.04
    """Weight (beta) of the k3 KL estimate against the reference; 0 loads no reference."""
    reference: Literal["frozen", "synchronised", "current"] = "frozen"
    """The start model; the start model mixed towards the policy; or the policy that sampled (the current iterate)."""
    reference_sync_steps: int = 64
    """Every how many steps a `synchronised` reference is mixed."""
    reference_mixup: float = 0.9
    """Share of the policy in a synchronised reference; the rest is the old reference."""
    mask_truncated: bool = False
    """Whether completions without an end token are left out of the loss."""
    nll_weight: float = 0.0
    """Weight of the auxiliary negative log-likelihood, a mean over the selected tokens."""
    nll_on: Literal["continuation", "reflective"] = "continuation"
    """What it is taken on: the forced continuations alone (VL-Rethinker's paper), or whole responses that reflect and
    have a positive advantage (its code)."""
    importance_cap: float = 2.0
    """Bound of the correction exp(trainer - sampler) where another engine samples (truncated importance sampling)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LengthReward:
    """Reward for being shorter than the others of the group (Kimi k1.5 §2.3.3); needs a first reward of 0 or 1."""

    weight: float
    """Factor in the total reward."""
    after_steps: int = 0
    """Steps without it."""
