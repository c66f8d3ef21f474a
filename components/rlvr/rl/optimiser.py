"""AdamW over named parameters, with its learning-rate schedule, clipping, and its state as safetensors."""

import json
import math
from collections.abc import Mapping
from pathlib import Path

import torch

from rlvr.training import Optimiser


def learning_rate(settings: Optimiser, number: int, updates: int) -> float:
    """The learning rate of update 0 .. updates - 1."""
    peak = settings.learning_rate
    warmup = math.ceil(settings.warmup_fraction * updates)
    if number < warmup:
        return peak * (number + 1) / warmup
    done = (number - warmup) / max(1, updates - warmup)
    if settings.schedule == "constant":
        return peak
    falling = 1 - done if settings.schedule == "linear" else 0.5 * (1 + math.cos(math.pi * done))
    return peak * (settings.final_fraction + (1 - settings.final_fraction) * falling)


def adamw(parameters: list[torch.Tensor], settings: Optimiser) -> torch.optim.AdamW:
    """AdamW of torch with the settings' constants."""
    return torch.optim.AdamW(
        parameters,
        lr=settings.learning_rate,
        betas=(settings.beta1, settings.beta2),
        eps=settings.epsilon,
        weight_decay=settings.weight_decay,
        foreach=True,
    )


class NamedAdamW:
    """AdamW whose state is saved under the parameters' names."""

    def __init__(self, parameters: Mapping[str, torch.Tensor], settings: Optimiser) -> None:
        self.names, self.parameters = list(parameters), list(parameters.values())
        self.settings = settings
        self.optimiser = adamw(self.parameters, settings)

    def step(self, rate: float, largest: float = math.inf) -> float:
        """Clip and apply the gradients at a learning rate; returns their norm before clipping and clears them.

        Nothing is applied when the norm is not finite or above `largest`.
        """
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        norm = float(torch.nn.utils.clip_grad_norm_(self.parameters, self.settings.max_grad_norm))
        if math.isfinite(norm) and norm <= largest:
            self.optimiser.step()
        self.discard()
        return norm

    def discard(self) -> None:
        """Clear the gradients."""
        self.optimiser.zero_grad(set_to_none=True)

    def reset(self) -> None:
        """Forget the moments and the count of steps."""
        self.optimiser.state.clear()

    def save(self, folder: Path) -> None:
        """Write `optimiser.safetensors` and `optimiser.json`."""
        from safetensors.torch import save_file

        state = self.optimiser.state_dict()["state"]
        tensors = {
            f"{key}/{self.names[index]}": value.contiguous()
            for index, values in state.items()
            for key, value in values.items()
        }
        save_file(tensors, folder / "optimiser.safetensors")
        (folder / "optimiser.json").write_text(json.dumps({"parameters": self.names}))

    def load(self, folder: Path) -> None:
        """The inverse of `save`, for the same parameters."""
        from safetensors.torch import load_file

        index = {name: number for number, name in enumerate(self.names)}
        state: dict[int, dict[str, torch.Tensor]] = {}
        for path, tensor in load_file(folder / "optimiser.safetensors").items():
            key, _, name = path.partition("/")
            state.setdefault(index[name], {})[key] = tensor
        self.optimiser.load_state_dict({**self.optimiser.state_dict(), "state": state})
