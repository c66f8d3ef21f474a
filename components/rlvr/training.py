"""Training stages of a method and their hyper-parameters: plain frozen values, no torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Citations = Mapping[str, str]
"""Field name -> where its value comes from (paper table or upstream file), with every figure where sources disagree."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Optimiser:
    """AdamW and its schedule."""

    learning_rate: float
    """Peak learning rate."""
    schedule: Literal["constant", "linear", "cosine"] = "linear"
    """Decay from the peak to `final_fraction` of it over the stage."""
    final_fraction: float = 0.0
    """Fraction of the peak learning rate that remains at the end of the schedule."""
    warmup_fraction: float = 0.0
    """Fraction of the steps that climb linearly from 0 to the peak."""
    beta1: float = 0.9
    """Adam's decay of the gradient mean."""
    beta2: float = 0.999
    """Adam's decay of the squared gradient."""
    epsilon: float = 1e-8
    """Adam's denominator offset."""
    weight_decay: float = 0.0
    """Decoupled weight decay."""
    max_grad_norm: float = 1.0
    """Gradient norm above which gradients are scaled down."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sampling:
    """How completions are drawn."""

    temperature: float = 1.0
    """Softmax temperature; 0 takes the most probable token."""
    top_p: float = 1.0
    """Nucleus mass; 1 switches it off."""
    top_k: int = 0
    """Number of most probable tokens kept; 0 switches it off."""
    max_new_tokens: int = 512
    """Tokens after which a completion is cut (it then counts as truncated)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Advantage:
    """How the rewards of a group become advantages."""

    baseline: Literal["group_mean", "leave_one_out"] = "group_mean"
    """What is subtracted: the group's mean, or the mean of the other completions (RLOO)."""
    scale: Literal["group_std", "none"] = "group_std"
    """What the difference is divided by."""
    epsilon: float = 1e-4
    """Added to the standard deviation."""
    ddof: int = 1
    """Degrees of freedom taken off in the standard deviation (1: unbiased)."""
    whiten: bool = False
    """Whether advantages are standardised again over the whole batch (RLOO of OpenRLHF)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Loss:
    """The policy loss and its KL term."""

    ratio: Literal["one", "clipped"] = "one"
    """`one`: the importance ratio is 1 in value and only carries the gradient; `clipped`: PPO's clipped ratio."""
    clip_low: float = 0.2
    """Ratios below 1 - clip_low are clipped (when `clipped`)."""
    clip_high: float = 0.2
    """Ratios above 1 + clip_high are clipped (when `clipped`)."""
    normaliser: Literal["sequence_mean", "token_mean", "constant_length"] = "sequence_mean"
    """Mean over tokens of a completion then over completions; mean over all tokens; or division by max_new_tokens."""
    kl_weight: float = 0.04
    """Weight (beta) of the k3 KL estimate against the reference; 0 loads no reference."""
    reference_sync_steps: int = 0
    """Every how many steps the reference is mixed towards the policy; 0 keeps it frozen."""
    reference_mixup: float = 0.9
    """Share of the policy in a synchronised reference; the rest is the old reference."""
    mask_truncated: bool = False
    """Whether completions without an end token are left out of the loss."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sft:
    """Supervised fine-tuning on the rows' reference responses (cold start)."""

    optimiser: Optimiser
    """Optimiser of this stage."""
    name: str = "sft"
    """Label of the stage, unique in its method."""
    tasks: tuple[str, ...] = ()
    """Names of the tasks whose rows are used; empty uses all."""
    epochs: float = 1.0
    """Passes over the rows."""
    steps: int | None = None
    """Optimiser steps; takes precedence over `epochs`."""
    batch_size: int = 16
    """Rows an optimiser step."""
    freeze_vision: bool = False
    """Whether the vision tower stays as it is."""
    checkpoint_every: int = 100
    """Steps between checkpoints."""
    citations: Citations = field(default_factory=dict)
    """Source of each value."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Grpo:
    """Reinforcement learning with group-relative advantages."""

    optimiser: Optimiser
    """Optimiser of this stage."""
    name: str = "grpo"
    """Label of the stage, unique in its method."""
    tasks: tuple[str, ...] = ()
    """Names of the tasks whose rows are used; empty uses all."""
    group_size: int = 8
    """Completions a prompt (G)."""
    prompts_per_step: int = 16
    """Prompts an optimiser step."""
    epochs: float = 1.0
    """Passes over the rows."""
    steps: int | None = None
    """Optimiser steps; takes precedence over `epochs`."""
    sampling: Sampling = Sampling()
    """How completions are drawn."""
    advantage: Advantage = Advantage()
    """How rewards become advantages."""
    loss: Loss = Loss()
    """Policy loss and KL term."""
    max_prompt_tokens: int | None = None
    """Rows with longer prompts (picture tokens included) are refused by name; None sets no limit."""
    min_pixels: int = 3136
    """Pictures below this area are enlarged by the processor."""
    max_pixels: int = 401_408
    """Pictures above this area are shrunk by the processor."""
    freeze_vision: bool = False
    """Whether the vision tower stays as it is."""
    micro_batch_tokens: int = 16_384
    """Packed tokens a forward pass; the result does not depend on it."""
    checkpoint_every: int = 50
    """Steps between checkpoints."""
    citations: Citations = field(default_factory=dict)
    """Source of each value."""


TrainingStage = Sft | Grpo
"""What may stand in `Method.stages`, in order."""
