"""What a profile gives a stage: GPUs a node and host memory."""

import re
from dataclasses import dataclass

from rlvr.errors import RlvrError
from rlvr.plan.gpu import Gpu

UNITS = {
    "": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15,
    "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50,
}  # fmt: skip
"""Suffixes of Kubernetes quantities."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """One node as a stage's pod sees it."""

    gpu: Gpu
    """The kind of its GPUs."""
    gpus: int
    """GPUs that the pod asks for."""
    host_bytes: float | None
    """Memory that the pod asks for; None when it asks for none."""


def quantity(text: str) -> float:
    """Bytes of a Kubernetes quantity such as `512Gi`."""
    found = re.fullmatch(r"(\d{1,18}(?:\.\d{1,9})?)([kMGTP]i?|Ki|)", text.strip())
    if not found or found[2] not in UNITS:
        raise RlvrError(f"{text!r} is not an amount of memory; write it as Kubernetes does, e.g. 512Gi.")
    return float(found[1]) * UNITS[found[2]]
