"""Training stages of a method and their hyper-parameters: plain frozen values, no torch."""

from rlvr.training.algorithm import Advantage, LengthReward, Loss
from rlvr.training.faults import Faults
from rlvr.training.optimiser import Lora, Optimiser
from rlvr.training.sampler import (
    Curriculum,
    OnlineFilter,
    PartialRollouts,
    Prioritised,
    Refinement,
    Replay,
    Rethinking,
    Sampler,
    Uniform,
    VarianceAware,
)
from rlvr.training.sampling import Sampling
from rlvr.training.scale import Scale
from rlvr.training.stages import Citations, Dpo, Grpo, Merge, Sft, ShortestSft, TrainingStage
from rlvr.training.train_job import TrainJob

__all__ = [
    "Advantage",
    "Citations",
    "Curriculum",
    "Dpo",
    "Faults",
    "Grpo",
    "LengthReward",
    "Lora",
    "Loss",
    "Merge",
    "OnlineFilter",
    "Optimiser",
    "PartialRollouts",
    "Prioritised",
    "Refinement",
    "Replay",
    "Rethinking",
    "Sampler",
    "Sampling",
    "Scale",
    "Sft",
    "ShortestSft",
    "TrainJob",
    "TrainingStage",
    "Uniform",
    "VarianceAware",
]
