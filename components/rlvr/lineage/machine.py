"""The machine that a stage ran on: what its results may depend on beyond parameters, inputs and code."""

import importlib
import os
import platform
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from rlvr.launch.work import Work

PROCESSORS = Path("/proc/cpuinfo")
"""Where Linux names the processor."""


def machine(work: Work) -> dict[str, Any]:
    """Interpreter, processor and threads; torch and accelerators if the stage used them.

    A stage that trained in several processes used torch in these, though not in the one that asks.
    """
    scale = work.parameters.get("scale")
    if isinstance(scale, dict) and scale.get("processes", 1) > 1:
        with suppress(ImportError):
            importlib.import_module("rlvr.rl.hardware")
    told: dict[str, Any] = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "processor": _processor(),
        "processors": len(os.sched_getaffinity(0)),
        "threads": os.environ.get("OMP_NUM_THREADS", ""),
    }
    torch = sys.modules.get("torch")  # a stage that never imported it did not depend on it
    if torch is not None:
        there = torch.cuda.is_available()
        told["torch"] = str(torch.__version__)
        told["accelerator"] = torch.cuda.get_device_name(0) if there else "none"
        if there:
            told["accelerators"] = torch.cuda.device_count()
            told["cuda"] = str(torch.version.cuda or torch.version.hip)
    return told


def _processor() -> str:
    """What the processor calls itself; empty where the system does not say."""
    try:
        lines = PROCESSORS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
