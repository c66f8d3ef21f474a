"""The optimiser of a stage and which weights it trains."""

from dataclasses import dataclass
from typing import Literal


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
class Lora:
    """Low-rank adapters instead of full weights (Hu et al. 2021); merged into the checkpoint that a stage writes."""

    rank: int = 64
    """Rank of the update (r)."""
    alpha: float = 128.0
    """The update is scaled by alpha / rank."""
    targets: tuple[str, ...] = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
    """Names of the language model's linear layers that get an adapter."""
