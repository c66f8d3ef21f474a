"""Memory of a node and files of a stage.

Every process reads the whole checkpoint into host memory before it goes to its GPU, every process holds the full
weights there when a model is written, and safetensors builds a file in memory before it is written.
"""

from rlvr.plan.overhead import PROCESS
from rlvr.plan.stage_plan import Item
from rlvr.plan.states import States
from rlvr.training import Scale


def node_memory(
    *, total: int, trained: int, precision: int, here: int, everywhere: int, scale: Scale, held: States
) -> tuple[Item, ...]:
    """Of one node with `here` of `everywhere` processes, at its peak."""
    loading = here * precision * total
    if scale.zero_stage:
        saving = here * 12.0 * trained / everywhere + precision * trained
    else:
        saving = 8.0 * trained
    passing = Item(
        label="checkpoints passing",
        bytes=max(loading, saving),
        how=f"the larger of {here} processes reading or writing the whole model, and saving the optimiser's state",
    )
    base = Item(label="processes", bytes=here * PROCESS, how=f"{here} x 6 GiB (estimate)")
    offloaded = Item(label="offloaded optimiser", bytes=here * held.host, how="float32 weights, moments and gradients")
    vllm = Item(
        label="vLLM",
        bytes=2.0 * here * precision * total if scale.rollout == "vllm" else 0.0,
        how="the weights it is given and its own, asleep, for each process",
    )
    return tuple(item for item in (passing, offloaded, vllm, base) if item.bytes)


def files(*, total: int, trained: int, precision: int, zero: bool, synchronised: bool) -> tuple[Item, ...]:
    """On disk: the model that comes in, the one that goes out, and a checkpoint of the stage."""
    saved = (precision + 12.0) * trained if zero else 12.0 * trained
    reference = precision * total if synchronised else 0.0
    return (
        Item(label="start model", bytes=float(precision * total), how="the checkpoint that the stage starts from"),
        Item(label="result", bytes=float(precision * total), how="the checkpoint that it writes"),
        Item(
            label="resumable checkpoint",
            bytes=saved + reference,
            how="float32 weights and moments of what is trained"
            + (", and the reference" if reference else "")
            + "; the store holds one at a time, two for a moment",
        ),
    )
