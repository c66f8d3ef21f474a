"""GPUs by the short names that a plan is asked for."""

from dataclasses import dataclass

from rlvr.errors import RlvrError

GIB = 2**30
"""Bytes of a GiB."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Gpu:
    """One kind of GPU."""

    name: str
    """Short name: product and size on the label."""
    product: str
    """As CUDA names it, shortened."""
    memory: float
    """What CUDA reports as total, rounded down, GiB (less than the label says)."""
    teraflops: float
    """Dense peak in bfloat16, 10^12 operations a second (NVIDIA's data sheets; see `rlvr.rl.hardware`)."""
    bandwidth: float
    """Memory bandwidth, 10^12 bytes a second (data sheets)."""


GPUS = (
    Gpu(name="l4-24", product="L4", memory=22, teraflops=121.0, bandwidth=0.3),
    Gpu(name="a100-40", product="A100", memory=39, teraflops=312.0, bandwidth=1.555),
    Gpu(name="l40s-48", product="L40S", memory=44, teraflops=362.1, bandwidth=0.864),
    Gpu(name="a100-80", product="A100", memory=79, teraflops=312.0, bandwidth=2.039),
    Gpu(name="h100-80", product="H100", memory=79, teraflops=989.4, bandwidth=3.35),
    Gpu(name="h200-141", product="H200", memory=139, teraflops=989.4, bandwidth=4.8),
    Gpu(name="b200-180", product="B200", memory=178, teraflops=2250.0, bandwidth=8.0),
)
"""By ascending memory."""

DEFAULT = "h100-80"
"""What a plan assumes if it is not told."""


def gpu_named(name: str) -> Gpu:
    """The GPU of a short name."""
    for gpu in GPUS:
        if gpu.name == name:
            return gpu
    raise RlvrError(f"There is no GPU {name!r} among those that can be planned: {', '.join(g.name for g in GPUS)}.")
