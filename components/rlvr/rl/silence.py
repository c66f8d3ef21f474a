"""Steps that teach nothing: no group of theirs has two different rewards, so every advantage is zero."""

from collections.abc import Mapping, Sequence
from typing import Any

from rlvr.errors import RlvrError
from rlvr.progress import report
from rlvr.rl.update_check import trailing
from rlvr.training import Grpo

NOTED_STEPS = 10
"""Such steps in a row at which whoever watches is told."""


def heed_silence(metrics: Sequence[Mapping[str, Any]], settings: Grpo, total: int) -> None:
    """Report that the last steps of a stage taught nothing, or end it where `faults.silent_steps` says so."""
    silent = trailing(metrics, lambda line: not line["dead_groups_percent"] < 100)
    if not silent:
        return
    step, shown = len(metrics), metrics[-1]["reward"]
    what = f"no group of the last {silent} steps has two different rewards (their mean is {shown:.4g}), so no reward"
    if silent == settings.faults.silent_steps:
        raise RlvrError(
            f"Stage {settings.name}, step {step}: {what} could be learnt from. Look at rollouts.parquet of the stage's "
            f"log: raise sampling.temperature or group_size, take easier or harder rows, or mend the rewards."
        )
    if silent == NOTED_STEPS:
        report(settings.name, step, total, note=f"{what} is learnt from")
