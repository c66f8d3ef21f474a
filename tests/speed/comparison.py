"""Both sides on one workload, in one process."""

import gc
import statistics
import tempfile
from pathlib import Path
from typing import Any

import torch
from memory import peak
from ours import Ours
from theirs import Theirs
from workload import Workload

WARM_UP = 1
"""Steps that are not counted."""


class Patches:
    """Counts the picture patches that go through vision towers."""

    def __init__(self, towers: list[Any]) -> None:
        self.count = 0
        for tower in towers:
            tower.register_forward_hook(self._add)

    def _add(self, module: Any, inputs: tuple[Any, ...], output: Any) -> None:
        self.count += len(inputs[0])


def compare(workload: Workload, folder: Path, steps: int, memory: bool = True) -> dict[str, Any]:
    """Times, memory and ratios (TRL's figure over ours) of a workload: the fastest of `steps` steps after a warm-up.

    Half of our steps run before TRL's and half after, so that a machine that slows down favours neither.
    """
    total = WARM_UP + steps
    ours = Ours(workload, folder)
    our_patches = Patches(ours.visual)
    for step in range(WARM_UP + steps // 2):
        ours.step(step)
    with tempfile.TemporaryDirectory() as scratch:
        theirs = Theirs(workload, folder, total, Path(scratch))
        their_patches = Patches(theirs.visual)
        theirs.run()
    prompt = len(ours.prompts(0)[0].ids)
    clock = theirs.clock
    update = [sum(pair) for pair in zip(clock.seconds["forward"], clock.seconds["backward"], strict=True)]
    clock.seconds["update"] = update
    del theirs
    gc.collect()
    for step in range(WARM_UP + steps // 2, total):
        ours.step(step)
    sides: dict[str, dict[str, Any]] = {}
    flops, best = ours.update_flops(), ours.peak()
    for name, times, patches in (("ours", ours.clock, our_patches), ("trl", clock, their_patches)):
        side: dict[str, Any] = {
            f"{phase}_s": times.best(phase, WARM_UP) for phase in ("rollout", "reference", "update", "step")
        }
        sides[name] = side | {
            "step_median_s": statistics.median(times.seconds["step"][WARM_UP:]),
            "tokens_per_s": workload.response_tokens / side["step_s"],
            "vision_patches": patches.count // total,
            "update_mfu": flops / side["update_s"] / best if best else None,
        }
    del ours
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if memory:
        sides["ours"]["update_bytes"] = peak("ours", workload, folder)
        sides["trl"]["update_bytes"] = peak("theirs", workload, folder)
    return row(workload, prompt, flops, sides["ours"], sides["trl"])


def row(workload: Workload, prompt: int, flops: float, ours: dict[str, Any], trl: dict[str, Any]) -> dict[str, Any]:
    """One entry of the report."""

    def ratio(key: str) -> float | None:
        return trl[key] / ours[key] if ours.get(key) and trl.get(key) else None

    size, tokens = workload.group_size, workload.new_tokens
    return {
        "config": workload.name,
        "step_ratio": ratio("step_s"),
        "update_ratio": ratio("update_s"),
        "rollout_ratio": ratio("rollout_s"),
        "reference_ratio": ratio("reference_s"),
        "memory_ratio": ratio("update_bytes"),
        "token_bound": size * (prompt + tokens) / (prompt + size * tokens),
        "model": workload.model,
        "prompts": workload.prompts,
        "group_size": size,
        "prompt_tokens": prompt,
        "new_tokens": tokens,
        "beta": workload.beta,
        "update_gflop": flops / 1e9,
        "ours": ours,
        "trl": trl,
    }
