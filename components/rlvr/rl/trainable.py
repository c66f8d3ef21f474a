"""Which weights of a vision-language model are trained, and which of its activations are kept."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch.utils.checkpoint import checkpoint

from rlvr.errors import RlvrError

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


def checkpoint_layers(model: Any) -> None:
    """Let every layer keep its inputs alone and compute the rest again in the backward pass.

    transformers' layers do so in training mode. Only their own flags are set here, so that dropout stays off and frozen
    weights below adapters need no gradients, unlike with the models' own switch.
    """
    layers = [module for module in model.modules() if hasattr(module, "gradient_checkpointing")]
    if not layers:
        raise RlvrError(
            f"{type(model).__name__} has no layers that can be computed again; set scale.gradient_checkpointing false."
        )
    for layer in layers:
        layer.gradient_checkpointing = True
        layer._gradient_checkpointing_func = partial(checkpoint, use_reentrant=False)
        layer.training = True


@contextmanager
def generating(model: Any) -> Iterator[None]:
    """Within: layers keep their key-value cache, which a recomputing layer refuses."""
    layers = [module for module in model.modules() if getattr(module, "gradient_checkpointing", False)]
    for layer in layers:
        layer.training = False
    try:
        yield
    finally:
        for layer in layers:
            layer.training = True
