"""How a training stage is spread over memory and machines; none of it changes what is computed."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True, slots=True)
class Scale:
    """Processes, sharding and memory savers of a training stage."""

    processes: int = 1
    """Processes on this host (torchrun); one a GPU."""
    zero_stage: Literal[0, 1, 2, 3] = 0
    """DeepSpeed ZeRO: 0 none (plain torch), 1 shards optimiser state, 2 also gradients, 3 also weights."""
    offload_optimiser: bool = False
    """Whether DeepSpeed keeps the optimiser state in host memory."""
    gradient_checkpointing: bool = False
    """Whether activations are computed again in the backward pass."""
    micro_batch_tokens: int = 16_384
    """Packed tokens a forward pass."""
    rollout: Literal["transformers", "vllm"] = "transformers"
    """What generates: the engine's own loop, or vLLM in the same process."""
