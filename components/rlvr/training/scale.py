"""How a training stage is spread over memory and machines; none of it changes what is computed."""

from dataclasses import dataclass
from typing import Literal

from rlvr.training.train_job import TrainJob


@dataclass(frozen=True, kw_only=True, slots=True)
class Scale:
    """Processes, sharding and memory savers of a training stage, and where its processes run.

    Three places: in the stage's own process (`processes` 1), in several processes beside it (torchrun), or, with
    `job`, on `nodes` pods of a TrainJob that the stage only starts, watches and reads the results of.
    """

    processes: int = 1
    """Processes on each node (torchrun); one a GPU."""
    nodes: int = 1
    """Pods of the TrainJob, each with `processes` processes; more than one needs `job`."""
    job: TrainJob | None = None
    """The TrainJob that the stage is launched as; None trains in the stage's own pod."""
    zero_stage: Literal[0, 1, 2, 3] = 0
    """DeepSpeed ZeRO: 0 none (plain torch), 1 shards optimiser state, 2 also gradients, 3 also weights."""
    offload_optimiser: bool = False
    """Whether DeepSpeed keeps the optimiser state in host memory."""
    gradient_checkpointing: bool = False
    """Whether activations are computed again in the backward pass."""
    micro_batch_tokens: int = 16_384
    """Packed tokens a forward pass; the completions of a prompt that has more are learnt from in several passes."""
    cache_tokens: int = 2**18
    """Prompt and completion tokens that a process generates at a time; what is more is generated afterwards."""
    rollout: Literal["transformers", "vllm"] = "transformers"
    """What generates: the engine's own loop, or vLLM in the same process."""
