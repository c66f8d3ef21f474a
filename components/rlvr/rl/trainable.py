"""Which weights of a vision-language model are trained, and which of its activations are kept."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

TOWERS = frozenset({"visual", "vision_tower", "vision_model"})
"""Names that transformers gives a vision tower: Qwen-VL's `visual` holds the merger (the projection into the language
model) too; InternVL's and Kimi's `vision_tower` does not, so their projector is trained even when the tower is not."""


def is_vision(name: str) -> bool:
    """Whether a parameter or module, by its dotted name, belongs to the vision tower."""
    return not TOWERS.isdisjoint(name.split("."))


def train_weights(model: Any, *, freeze_vision: bool = False) -> None:
    """Mark what is trained: everything, or everything but the vision tower."""
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(not (freeze_vision and is_vision(name)))


def trained(model: Any) -> dict[str, torch.Tensor]:
    """The parameters that are trained, by name; tied ones once."""
    return {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}


def recompute_activations(model: Any, on: bool) -> None:
    """Let every layer keep its inputs alone and compute the rest again in the backward pass, or let it not.

    transformers does so in layers that are in training mode; only the layers' own flag is set, so dropout stays off.
    """
    for module in model.modules():
        if getattr(module, "gradient_checkpointing", False):
            module.training = on


def checkpoint_layers(model: Any) -> None:
    """Switch gradient checkpointing on for the layers that transformers can checkpoint."""
    model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    recompute_activations(model, True)


@contextmanager
def generating(model: Any) -> Iterator[None]:
    """Within: layers keep their key-value cache, which a recomputing layer refuses."""
    recompute_activations(model, False)
    try:
        yield
    finally:
        recompute_activations(model, True)
