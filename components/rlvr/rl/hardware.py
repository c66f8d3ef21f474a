"""What a stage ran on, for the report's cost section and for utilisation."""

import os
import platform
import re
import resource

import torch

PEAK_TERAFLOPS = (
    (r"GB200", 2500.0, 80.0),
    (r"B200", 2250.0, 75.0),
    (r"H100 PCIe", 756.0, 51.2),
    (r"(H100|H200) NVL", 835.5, 60.0),
    (r"H100|H200|H800|GH200", 989.4, 66.9),
    (r"H20", 148.0, 44.0),
    (r"A100|A800", 312.0, 19.5),
    (r"A40", 149.7, 37.4),
    (r"A10", 125.0, 31.2),
    (r"L40S", 362.1, 91.6),
    (r"L40", 181.0, 90.5),
    (r"L4", 121.0, 30.3),
    (r"RTX 5090$", 209.5, 104.8),
    (r"RTX 4090$", 165.2, 82.6),
    (r"RTX 3090$", 71.2, 35.6),
)
"""Pattern of the device name, dense peak in half precision (tensor cores, float32 accumulation) and in float32 (without
TF32), in 10^12 operations a second. From NVIDIA's data sheets (figures with sparsity halved) and, for the GeForce
cards, the GA102, AD102 and GB202 architecture white papers."""


def hardware() -> str:
    """The accelerators, or the processor architecture and threads."""
    if torch.cuda.is_available():
        return f"{torch.cuda.device_count()} x {torch.cuda.get_device_name()}"
    return f"{platform.machine()} CPU, {torch.get_num_threads()} threads of {os.cpu_count()}"


def peak_memory_bytes() -> int:
    """Highest memory held so far: of the accelerator where there is one, else resident memory of the process."""
    if torch.cuda.is_available():
        return int(torch.cuda.max_memory_allocated())
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def peak_flops(dtype: torch.dtype, device: str | None = None) -> float | None:
    """Published dense peak of one accelerator in operations a second; None for a CPU or a card that is not listed.

    `device` is a name as CUDA gives it, the current device's if left out.
    """
    name = device or (torch.cuda.get_device_name() if torch.cuda.is_available() else "")
    column = {torch.bfloat16: 0, torch.float16: 0, torch.float32: 1}.get(dtype)
    if column is None:
        return None
    for pattern, *teraflops in PEAK_TERAFLOPS:
        if re.search(rf"\b({pattern})\b", name):
            return teraflops[column] * 1e12
    return None
