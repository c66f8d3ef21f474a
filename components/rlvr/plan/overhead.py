"""What the framework takes of a GPU and of a host besides tensors. Estimates, on the safe side."""

from collections.abc import Sequence

from rlvr.plan.gpu import GIB
from rlvr.plan.stage_plan import Item

CONTEXT = 1.0 * GIB
"""CUDA context, kernels and cuBLAS workspaces of one process."""
COMMUNICATION = 1.0 * GIB
"""NCCL's channels and buffers, where there are several processes."""
FRAGMENTS = 0.05
"""Share of the tensors that come and go which the allocator loses between blocks."""
STAYING = frozenset({"weights", "gathered weights", "float32 weights", "optimiser moments", "reference"})
"""Labels of what is allocated once, without loss."""
PROCESS = 6.0 * GIB
"""Host memory of a process: libraries, pinned buffers, rows and pictures in flight."""


def framework(items: Sequence[Item], processes: int) -> Item:
    """The framework's share of a GPU that holds `items`."""
    passing = sum(item.bytes for item in items if item.label not in STAYING)
    together = COMMUNICATION if processes > 1 else 0.0
    how = f"CUDA context 1 GiB{', NCCL 1 GiB' if together else ''}, fragments 5 % of what comes and goes (estimates)"
    return Item(label="framework", bytes=CONTEXT + together + FRAGMENTS * passing, how=how)
