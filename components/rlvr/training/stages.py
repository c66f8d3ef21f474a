"""What may stand in `Method.stages`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from rlvr.errors import RlvrError
from rlvr.training.algorithm import Advantage, LengthReward, Loss
from rlvr.training.faults import Faults
from rlvr.training.optimiser import Lora, Optimiser
from rlvr.training.sampler import OnlineFilter, PartialRollouts, Refinement, Replay, Rethinking, Sampler, Uniform
from rlvr.training.sampling import Sampling

Citations = Mapping[str, str]
"""Field name -> where its value comes from (paper table or upstream file), with every figure where sources disagree."""


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
    loss_on: Literal["response", "everything"] = "response"
    """Which tokens are learnt: the response's, or the prompt's text too (pictures never)."""
    freeze_vision: bool = False
    """Whether the vision tower stays as it is."""
    lora: Lora | None = None
    """Adapters to train instead of the weights."""
    checkpoint_every: int = 100
    """Steps between checkpoints."""
    faults: Faults = Faults()
    """What happens when something goes wrong."""
    citations: Citations = field(default_factory=dict)
    """Source of each value."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Grpo:
    """Reinforcement learning with group-relative advantages: GRPO, Dr. GRPO, DAPO, RLOO, OPMD."""

    optimiser: Optimiser
    """Optimiser of this stage."""
    name: str = "grpo"
    """Label of the stage, unique in its method."""
    tasks: tuple[str, ...] = ()
    """Names of the tasks whose rows are used; empty uses all."""
    group_size: int = 8
    """Completions a prompt (G)."""
    prompts_per_step: int = 16
    """Prompts rolled out a step."""
    epochs: float = 1.0
    """Passes over the rows."""
    steps: int | None = None
    """Steps, each a rollout and its updates; takes precedence over `epochs`."""
    updates_per_step: int = 1
    """Parts of equally many groups into which a step's batch is split, each an optimiser update."""
    passes_per_step: int = 1
    """Passes over a step's batch (mu)."""
    reset_optimiser: bool = False
    """Whether the optimiser state starts anew every step (OPMD, Kimi k1.5 §2.3.2)."""
    sampler: Sampler = Uniform()
    """Which rows a step takes."""
    sampling: Sampling = Sampling()
    """How completions are drawn."""
    advantage: Advantage = Advantage()
    """How rewards become advantages."""
    length_reward: LengthReward | None = None
    """Reward for brevity within the group."""
    loss: Loss = Loss()
    """Policy loss and KL term."""
    online_filter: OnlineFilter | None = None
    """Replacement of groups that are too easy or too hard."""
    replay: Replay | None = None
    """Replay of samples with an advantage."""
    rethinking: Rethinking | None = None
    """Forced continuation of responses."""
    partial_rollouts: PartialRollouts | None = None
    """Completions that take several steps."""
    refinement: Refinement | None = None
    """Several turns a prompt."""
    max_prompt_tokens: int | None = None
    """Rows with longer prompts (picture tokens included) are refused by name; None sets no limit."""
    min_pixels: int = 3136
    """Pictures below this area are enlarged by the processor."""
    max_pixels: int = 401_408
    """Pictures above this area are shrunk by the processor."""
    frames_per_second: float = 1.0
    """Frames a second taken from videos."""
    max_frames: int = 32
    """Frames taken from a video at most."""
    max_video_pixels: int | None = None
    """Frames of a video are shrunk until their areas together are at most this; None sets no limit."""
    freeze_vision: bool = False
    """Whether the vision tower stays as it is."""
    lora: Lora | None = None
    """Adapters to train instead of the weights."""
    checkpoint_every: int = 50
    """Steps between checkpoints."""
    faults: Faults = Faults()
    """What happens when something goes wrong."""
    citations: Citations = field(default_factory=dict)
    """Source of each value."""

    def __post_init__(self) -> None:
        for name in ("group_size", "prompts_per_step", "updates_per_step", "passes_per_step", "checkpoint_every"):
            if getattr(self, name) < 1:
                raise RlvrError(f"Stage {self.name}: {name} is {getattr(self, name)}; it is at least 1.")
        if self.sampling.temperature <= 0:
            raise RlvrError(
                f"Stage {self.name}: sampling.temperature is {self.sampling.temperature}, and completions of a group "
                f"that are all the same teach nothing; set it above 0."
            )
        if self.partial_rollouts and (self.rethinking or self.online_filter):
            raise RlvrError(
                f"Stage {self.name}: partial_rollouts go together neither with rethinking nor with online_filter, "
                f"which need complete groups in the step that draws them; take one out."
            )
        if self.refinement and (self.rethinking or self.replay or self.partial_rollouts or self.length_reward):
            raise RlvrError(
                f"Stage {self.name}: refinement goes together with none of rethinking, replay, partial_rollouts and "
                f"length_reward, which know single turns only; take it or them out."
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class Merge:
    """Plain average of this stage's start model and an earlier one (long2short, Kimi k1.5 §2.4)."""

    name: str = "merge"
    """Label of the stage, unique in its method."""
    tasks: tuple[str, ...] = ()
    """Not used: merging needs no rows."""
    other: str = "base"
    """Whose weights are mixed in: `base`, or the name of an earlier stage."""
    weight: float = 0.5
    """Share of the other model."""
    citations: Citations = field(default_factory=dict)
    """Source of each value."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ShortestSft:
    """Shortest rejection sampling (Kimi k1.5 §2.4): fine-tuning on each row's shortest correct completion."""

    fit: Sft
    """The fine-tuning; its `tasks` choose the rows."""
    name: str = "shortest"
    """Label of the stage, unique in its method."""
    tasks: tuple[str, ...] = ()
    """Names of the tasks whose rows are used; empty uses all."""
    samples: int = 8
    """Completions drawn a row."""
    sampling: Sampling = Sampling()
    """How they are drawn."""
    citations: Citations = field(default_factory=dict)
    """Source of each value."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Dpo:
    """Direct preference optimisation of the shortest correct completion over longer ones (Kimi k1.5 §2.4)."""

    optimiser: Optimiser
    """Optimiser of this stage."""
    name: str = "dpo"
    """Label of the stage, unique in its method."""
    tasks: tuple[str, ...] = ()
    """Names of the tasks whose rows are used; empty uses all."""
    samples: int = 8
    """Completions drawn a row."""
    sampling: Sampling = Sampling()
    """How they are drawn."""
    ratio: float = 1.5
    """A correct completion at least this many times as long as the chosen one is rejected; a wrong one if longer."""
    beta: float = 0.1
    """DPO's temperature (Rafailov et al. 2023)."""
    epochs: float = 1.0
    """Passes over the pairs."""
    steps: int | None = None
    """Optimiser steps; takes precedence over `epochs`."""
    batch_size: int = 16
    """Pairs an optimiser step."""
    freeze_vision: bool = False
    """Whether the vision tower stays as it is."""
    lora: Lora | None = None
    """Adapters to train instead of the weights."""
    checkpoint_every: int = 100
    """Steps between checkpoints."""
    faults: Faults = Faults()
    """What happens when something goes wrong."""
    citations: Citations = field(default_factory=dict)
    """Source of each value."""


TrainingStage = Sft | Grpo | Merge | ShortestSft | Dpo
"""What may stand in `Method.stages`, in order."""
