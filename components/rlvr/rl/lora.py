"""Low-rank adapters inside the language model's linear layers (Hu et al. 2021), through peft.

The adapters are put into the model's own layers, so the model keeps its class and every method; with them switched off
it is the model it was, which is the reference of a stage whose reference is its start.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from rlvr.errors import RlvrError
from rlvr.rl.trainable import is_vision
from rlvr.training import Lora

ADAPTER = "default"
"""peft's name of the one adapter."""


def add_adapters(model: Any, lora: Lora) -> None:
    """Freeze all weights and give the language model's layers named in `lora.targets` adapters that start at zero."""
    from peft import LoraConfig, inject_adapter_in_model

    chosen = [
        name
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and name.rpartition(".")[2] in lora.targets and not is_vision(name)
    ]
    if not chosen:
        linear = {
            name.rpartition(".")[2] for name, module in model.named_modules() if isinstance(module, torch.nn.Linear)
        }
        raise RlvrError(
            f"None of the LoRA targets {', '.join(lora.targets)} is a linear layer of this language model; "
            f"its layers are {', '.join(sorted(linear))}."
        )
    settings = LoraConfig(r=lora.rank, lora_alpha=lora.alpha, target_modules=chosen, lora_dropout=0.0, bias="none")
    with torch.random.fork_rng():
        torch.manual_seed(0)  # half of an adapter starts at random; the same everywhere
        inject_adapter_in_model(settings, model, adapter_name=ADAPTER)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_("lora_" in name)


@contextmanager
def adapters_off(model: Any) -> Iterator[None]:
    """Within: the model as it was without its adapters."""
    layers = [module for module in model.modules() if _is_adapted(module)]
    for layer in layers:
        layer.enable_adapters(False)
    try:
        yield
    finally:
        for layer in layers:
            layer.enable_adapters(True)


def merged(model: Any, weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """`weights` (the model's own state, adapters apart) as a model without adapters names and holds them."""
    layers = {name: module for name, module in model.named_modules() if _is_adapted(module)}
    if not layers:
        return weights
    plain = {name.replace(".base_layer.", "."): value for name, value in weights.items() if "lora_" not in name}
    for name, layer in layers.items():
        down = weights[f"{name}.lora_A.{ADAPTER}.weight"].float()
        up = weights[f"{name}.lora_B.{ADAPTER}.weight"].float()
        weight = plain[f"{name}.weight"]
        plain[f"{name}.weight"] = (weight.float() + layer.scaling[ADAPTER] * (up @ down)).to(weight.dtype)
    return plain


def _is_adapted(module: Any) -> bool:
    return hasattr(module, "base_layer") and hasattr(module, "lora_A")
