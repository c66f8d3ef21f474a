"""A completion on its way through a step: sampled, judged, given an advantage, trained on, perhaps kept for later."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path

import torch


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """One completion of a row. Values change by `dataclasses.replace`."""

    row: int
    """Number of its row in `StepPrompts`."""
    ids: torch.Tensor
    """Token ids, [R]."""
    logprobs: torch.Tensor
    """Log-prob of each token under the policy before the update, [R] float32."""
    truncated: bool
    """Whether it has no end token."""
    turn: int = 0
    """Turn of its path, from 0 (refinement)."""
    learnt_from: int = 0
    """Tokens before this one are left out of the loss (partial rollouts)."""
    nll_from: int | None = None
    """The auxiliary likelihood covers the tokens from here on; None leaves the completion out of it."""
    importance: torch.Tensor | None = None
    """Correction of each token's weight where another engine sampled, [R]; None is 1."""
    text: str = ""
    """The completion without special tokens."""
    rewards: dict[str, float | None] = field(default_factory=dict)
    """Reward components by name."""
    reward: float = float("nan")
    """Total reward; NaN when there is none."""
    correct: bool = False
    """Whether the first component is at least 1."""
    problem: str = ""
    """What went wrong with its reward, which counted as 0; empty where nothing did."""
    advantage: float = 0.0
    """Advantage within its group."""

    @property
    def length(self) -> int:
        """Number of tokens, R."""
        return len(self.ids)


def nothing() -> torch.Tensor:
    """No tokens."""
    return torch.zeros(0, dtype=torch.long)


TENSORS = ("ids", "logprobs", "importance")


def save_samples(samples: Sequence[Sample], folder: Path, name: str) -> None:
    """Write `<name>.json` and `<name>.safetensors`."""
    from safetensors.torch import save_file

    tensors = {
        f"{key}/{number}": value
        for number, sample in enumerate(samples)
        for key in TENSORS
        if (value := getattr(sample, key)) is not None
    }
    save_file(tensors, folder / f"{name}.safetensors")
    plain = [{key: getattr(sample, key) for key in _plain()} for sample in samples]
    (folder / f"{name}.json").write_text(json.dumps(plain))


def load_samples(folder: Path, name: str) -> list[Sample]:
    """The inverse of `save_samples`."""
    from safetensors.torch import load_file

    tensors = load_file(folder / f"{name}.safetensors")
    return [
        Sample(**(record | {key: tensors[f"{key}/{number}"] for key in TENSORS if f"{key}/{number}" in tensors}))
        for number, record in enumerate(json.loads((folder / f"{name}.json").read_text()))
    ]


def _plain() -> list[str]:
    return [entry.name for entry in fields(Sample) if entry.name not in TENSORS]
