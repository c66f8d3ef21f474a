"""Model merging: the weighted average of two checkpoints of one architecture, tensor by tensor (Kimi k1.5 §2.4)."""

import shutil
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from rlvr.backbones.vocabulary import require_same_tokens
from rlvr.canonical import load
from rlvr.errors import RlvrError
from rlvr.progress import report
from rlvr.rl.hardware import hardware, peak_memory_bytes
from rlvr.rl.log import TrainingLog, extend
from rlvr.training import Merge


def merge(
    *, stage: dict[str, Any], base: Path, other: Path, previous: Path | None = None, model: Path, log: Path
) -> None:
    """Mix `other` into `base` and write the checkpoint to `model`; `stage` is a `Merge` as JSON."""
    settings, started = load(Merge, stage), time.perf_counter()
    require_same_tokens(base, other)
    merge_checkpoints(base, other, settings.weight, model, settings.name)
    summary = {
        "kind": "Merge",
        "steps": 0,
        "seconds": time.perf_counter() - started,
        "response_tokens": 0,
        "peak_memory_bytes": peak_memory_bytes(),
        "hardware": hardware(),
    }
    extend(previous, settings.name, TrainingLog(), summary, log)


def average(first: torch.Tensor, second: torch.Tensor, weight: float) -> torch.Tensor:
    """(1 - weight) first + weight second, in the type of `first`; computed in float32 at least.

    Equal inputs come back bit for bit, and so do `first` at weight 0 and `second` at weight 1.
    """
    wide = torch.promote_types(first.dtype, torch.float32)
    return torch.lerp(first.to(wide), second.to(wide), weight).to(first.dtype)


def merge_checkpoints(base: Path, other: Path, weight: float, out: Path, label: str = "merge") -> None:
    """Write to `out` what `base` holds, with every weight averaged with that of `other`.

    Both are folders in the transformers format with safetensors, in one file or in shards; `out` is sharded as `base`
    is, and one shard is in memory at a time. Checkpoints with other names or shapes raise `RlvrError`.
    """
    places, others = _places(base), _places(other)
    _require_same(places, others, base, other)
    out.mkdir(parents=True, exist_ok=True)
    for file in sorted(base.iterdir()):
        if file.is_file() and file.suffix != ".safetensors":
            shutil.copyfile(file, out / file.name)
    shards = sorted(set(places.values()))
    with ExitStack() as stack:
        opened = {path: stack.enter_context(safe_open(path, "pt")) for path in sorted(set(others.values()))}
        for number, shard in enumerate(shards, 1):
            with safe_open(shard, "pt") as file:
                merged = {
                    name: _merged(file.get_tensor(name), opened[others[name]].get_tensor(name), weight, name, other)
                    for name in file.keys()  # noqa: SIM118  (a safetensors file is no mapping)
                }
                metadata = file.metadata()
            save_file(merged, out / shard.name, metadata)
            report(label, number, len(shards))


def _places(folder: Path) -> dict[str, Path]:
    """Tensor name -> the file of the checkpoint that holds it."""
    places: dict[str, Path] = {}
    for path in sorted(folder.glob("*.safetensors")):
        with safe_open(path, "pt") as file:
            places |= dict.fromkeys(file.keys(), path)
    if not places:
        raise RlvrError(f"{folder} holds no *.safetensors, so there is nothing to merge. Give a checkpoint folder.")
    return places


def _require_same(places: Mapping[str, Path], others: Mapping[str, Path], base: Path, other: Path) -> None:
    for here, there, lacking in ((base, other, places.keys() - others.keys()),
                                 (other, base, others.keys() - places.keys())):  # fmt: skip
        if lacking:
            raise RlvrError(
                f"{len(lacking)} weights of {here} are not in {there}, among them {', '.join(sorted(lacking)[:3])}. "
                f"Only checkpoints of one architecture can be merged; name another stage in `other`."
            )


def _merged(first: torch.Tensor, second: torch.Tensor, weight: float, name: str, other: Path) -> torch.Tensor:
    if first.shape != second.shape:
        raise RlvrError(
            f"The weight {name} is {list(first.shape)} in the start model and {list(second.shape)} in {other}. "
            f"Only checkpoints of one architecture and vocabulary can be merged."
        )
    if first.is_floating_point():
        return average(first, second, weight)
    if not torch.equal(first, second):
        raise RlvrError(f"The tensor {name} holds whole numbers that differ in {other}; they have no average.")
    return first
