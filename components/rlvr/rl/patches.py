"""Patch embedding as a matrix product.

Qwen-VL and MoonViT embed each patch with a convolution whose kernel is the whole patch. That is a product with the
flattened weights, and convolution kernels take three times as long for it on a CPU.
"""

from functools import partial
from typing import Any

import torch


def embed_patches_by_product(tower: torch.nn.Module) -> None:
    """Let the convolutions of a vision tower that see one patch at a time be computed as products, in place."""
    for module in tower.modules():
        if isinstance(module, torch.nn.Conv2d | torch.nn.Conv3d) and _is_whole(module):
            module.forward = partial(_embed, module, module.forward)  # type: ignore[method-assign]


def _is_whole(module: Any) -> bool:
    plain = set(module.padding) == {0} and set(module.dilation) == {1} and module.groups == 1
    return plain and module.kernel_size == module.stride


def _embed(module: Any, convolve: Any, pixels: torch.Tensor) -> torch.Tensor:
    """Pixels [N, C, *kernel] -> [N, out, 1, ...]; inputs of another size are convolved."""
    if tuple(pixels.shape[2:]) != module.kernel_size:
        return convolve(pixels)  # type: ignore[no-any-return]
    weight = module.weight.flatten(1)
    embedded = torch.nn.functional.linear(pixels.flatten(1), weight, module.bias)
    return embedded.view(*embedded.shape, *(1 for _ in module.kernel_size))
