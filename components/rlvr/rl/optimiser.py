"""AdamW with its schedule, and its state as safetensors."""

import json
import math
from pathlib import Path
from typing import Any

import torch

from rlvr.training import Optimiser


class Stepper:
    """One optimiser over the trainable parameters of a model."""

    def __init__(self, model: Any, settings: Optimiser, total_steps: int, *, freeze_vision: bool = False) -> None:
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(not (freeze_vision and ".visual." in f".{name}"))
        self.names = [name for name, parameter in model.named_parameters() if parameter.requires_grad]
        self.parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
        self.settings, self.total = settings, total_steps
        self.optimiser = torch.optim.AdamW(
            self.parameters,
            lr=settings.learning_rate,
            betas=(settings.beta1, settings.beta2),
            eps=settings.epsilon,
            weight_decay=settings.weight_decay,
            foreach=True,
        )

    def learning_rate(self, step: int) -> float:
        """The learning rate of step 0 .. total - 1."""
        settings, peak = self.settings, self.settings.learning_rate
        warmup = math.ceil(settings.warmup_fraction * self.total)
        if step < warmup:
            return peak * (step + 1) / warmup
        done = (step - warmup) / max(1, self.total - warmup)
        if settings.schedule == "constant":
            return peak
        falling = 1 - done if settings.schedule == "linear" else 0.5 * (1 + math.cos(math.pi * done))
        return peak * (settings.final_fraction + (1 - settings.final_fraction) * falling)

    def step(self, step: int) -> float:
        """Apply the accumulated gradients; returns their norm before clipping and clears them."""
        for group in self.optimiser.param_groups:
            group["lr"] = self.learning_rate(step)
        norm = torch.nn.utils.clip_grad_norm_(self.parameters, self.settings.max_grad_norm)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        return float(norm)

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
        """The inverse of `save`, for the same model."""
        from safetensors.torch import load_file

        index = {name: number for number, name in enumerate(self.names)}
        state: dict[int, dict[str, torch.Tensor]] = {}
        for path, tensor in load_file(folder / "optimiser.safetensors").items():
            key, _, name = path.partition("/")
            state.setdefault(index[name], {})[key] = tensor
        self.optimiser.load_state_dict({**self.optimiser.state_dict(), "state": state})
