"""What a stage ran on, for the report's cost section."""

import os
import platform
import resource

import torch


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
