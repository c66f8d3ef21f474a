"""Floating point operations of a packed step, from the model's parameters, for model FLOPs utilisation (MFU).

A multiplication with a weight costs 2 operations a parameter and token; attention 2 (d_qk + d_v) a head, query and key.
The backward pass costs the same once for the gradient of the inputs and, for trained weights, once for that of the
weights. Conventions are those of PaLM (arXiv 2204.02311, appendix B): only matrix products count, and a query is paired
with every key of its segment, masked or not. MFU leaves recomputed activations out; with them it is hardware FLOPs
utilisation (Korthikanti et al. 2022, arXiv 2205.05198).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from rlvr.rl.families import vision_tower
from rlvr.rl.logprobs import CHUNK, SMALL


@dataclass(frozen=True, kw_only=True, slots=True)
class Flops:
    """Operations of one or several passes."""

    forward: float = 0.0
    """Forward pass."""
    backward: float = 0.0
    """Backward pass."""
    recompute: float = 0.0
    """Forward operations done again in the backward pass, to save memory."""

    @property
    def model(self) -> float:
        """What MFU counts."""
        return self.forward + self.backward

    @property
    def total(self) -> float:
        """What the hardware did."""
        return self.forward + self.backward + self.recompute

    def __add__(self, other: "Flops") -> "Flops":
        return Flops(
            forward=self.forward + other.forward,
            backward=self.backward + other.backward,
            recompute=self.recompute + other.recompute,
        )


def mfu(flops: float, seconds: float, peak: float | None) -> float | None:
    """Share of the `peak` (operations a second) that was used; None where the peak is unknown."""
    return flops / seconds / peak if peak else None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Weights:
    """Matrices that every token of some kind is multiplied with."""

    all: float = 0.0
    """Parameters used a token."""
    trained: float = 0.0
    """Those of them that get a gradient."""
    hidden: float = 0.0
    """Those of them whose input gets one: all but patch embeddings, whose input is the picture."""

    def __add__(self, other: "_Weights") -> "_Weights":
        return _Weights(
            all=self.all + other.all, trained=self.trained + other.trained, hidden=self.hidden + other.hidden
        )


class FlopCount:
    """Counts the passes of one vision-language model of the families in `rlvr.rl.families`."""

    def __init__(self, model: Any) -> None:
        """`model`: transformers' own, adapters included. Its weights must be whole (not yet sharded by ZeRO-3) and
        already marked as trained or frozen.
        """
        text = model.config.get_text_config()
        core = model.model
        tower = vision_tower(model)
        self.kind, self.vision = model.config.model_type, tower.config
        self.language = _weights(core.language_model, _share_of_experts(text))
        self.head, self.vocabulary = _weights(model.lm_head), len(model.lm_head.weight)
        self.blocks, self.merger = _split_vision(core)
        self.attention = text.num_hidden_layers * text.num_attention_heads * 2 * sum(_head_sizes(text))
        width = next(module.out_channels for module in tower.modules() if isinstance(module, _CONVOLUTIONS))
        self.vision_attention = 4 * width
        embeddings = model.get_input_embeddings().weight.requires_grad
        self.vision_gradient = self.blocks.trained > 0
        self.gradient = embeddings or self.vision_gradient or self.merger.trained > 0 or self.language.trained > 0

    def packed(
        self,
        segments: Sequence[tuple[int, int]],
        scored: int,
        media: Sequence[Mapping[str, torch.Tensor]] = (),
        *,
        backward: bool = True,
        checkpointing: bool = False,
    ) -> Flops:
        """One pass over a packed stream.

        segments: (tokens, keys that each of them is paired with) of every run, of a `SegmentLayout`
        `(segment.length, segment.visible + segment.length)`; scored: log-probs taken; media: the inputs of each prompt
        whose pictures go through the vision tower in this pass.
        """
        tokens = sum(length for length, _ in segments)
        pairs = sum(length * keys for length, keys in segments)
        language = _pass(self.language, tokens, self.attention * pairs, backward and self.gradient)
        head = _pass(self.head, scored, 0.0, backward)
        patches, merged, vision_pairs = self._vision_sizes(media)
        blocks = _pass(self.blocks, patches, self.vision_attention * vision_pairs, backward and self.vision_gradient)
        merger = _pass(self.merger, merged, 0.0, backward and (self.vision_gradient or self.merger.trained > 0))
        again = head.forward if backward and (scored > CHUNK or scored * self.vocabulary > SMALL) else 0.0
        if checkpointing:
            again += sum(each.forward for each in (language, blocks) if each.backward)
        return language + head + blocks + merger + Flops(recompute=again)

    def _vision_sizes(self, media: Sequence[Mapping[str, torch.Tensor]]) -> tuple[int, int, int]:
        """Patches, picture tokens, and query-key pairs summed over the tower's layers."""
        from transformers.vision_utils import get_vision_cu_seqlens, get_vision_window_index

        config, depth = self.vision, getattr(self.vision, "depth", None) or self.vision.num_hidden_layers
        patches = merged = pairs = 0
        for inputs in media:
            for pixels, grids in (("pixel_values", "image_grid_thw"), ("pixel_values_videos", "video_grid_thw")):
                if pixels not in inputs:
                    continue
                if grids not in inputs:  # InternVL: tiles of one size, each with a class token
                    rows, columns = (a // b for a, b in zip(config.image_size, config.patch_size, strict=True))
                    tiles, each = len(inputs[pixels]), rows * columns + 1
                    patches, merged = patches + tiles * each, merged + tiles * (each - 1) // 4
                    pairs += depth * tiles * each**2
                    continue
                grid, kimi = inputs[grids], self.kind == "kimi_k25"  # whose tower attends over and averages frames
                unit = config.merge_kernel_size[0] ** 2 if kimi else config.spatial_merge_size**2
                patches += int(grid.prod(1).sum())
                merged += int((grid[:, 1:] if kimi else grid).prod(1).sum()) // unit
                full = _squares(get_vision_cu_seqlens(grid, merge_temporal=kimi))
                whole = len(config.fullatt_block_indexes) if self.kind == "qwen2_5_vl" else depth
                pairs += whole * full
                if whole < depth:
                    _, windows = get_vision_window_index(
                        grid, config.spatial_merge_size, config.window_size, config.patch_size
                    )
                    pairs += (depth - whole) * _squares(windows)
        return patches, merged, pairs


_CONVOLUTIONS = (torch.nn.Conv2d, torch.nn.Conv3d)


def _pass(weights: _Weights, tokens: int, attention: float, backward: bool) -> Flops:
    forward = 2 * tokens * weights.all + attention
    if not backward:
        return Flops(forward=forward)
    return Flops(forward=forward, backward=2 * tokens * (weights.hidden + weights.trained) + 2 * attention)


def _weights(module: Any, experts: float = 1.0) -> _Weights:
    return sum((weights for _, weights in _matrices(module, experts)), _Weights())


def _matrices(module: Any, experts: float = 1.0) -> Iterator[tuple[str, _Weights]]:
    """What tokens are multiplied with: linear layers, patch embeddings, routers, and the share of experts used."""
    for name, owner in module.named_modules():
        patches = isinstance(owner, _CONVOLUTIONS)
        for own, parameter in owner.named_parameters(name, recurse=False):
            routed = "experts" in own.split(".")
            linear = isinstance(owner, torch.nn.Linear) or routed or own.endswith(".gate.weight")
            if parameter.ndim > 1 and (linear or patches):
                size = parameter.numel() * (experts if routed else 1.0)
                yield own, _Weights(all=size, trained=size * parameter.requires_grad, hidden=size * (not patches))


def _share_of_experts(text: Any) -> float:
    """Experts a token goes through, of all."""
    names = ("n_routed_experts", "num_experts", "num_local_experts")
    experts = next((count for name in names if (count := getattr(text, name, None))), None)
    return text.num_experts_per_tok / experts if experts else 1.0


def _split_vision(core: Any) -> tuple[_Weights, _Weights]:
    """Weights that patches go through, and those that merged picture tokens go through."""
    blocks = merger = _Weights()
    for name, module in core.named_children():
        if name == "language_model":
            continue
        for own, weights in _matrices(module):
            if "merger" in own or "projector" in name:
                merger += weights
            else:
                blocks += weights
    return blocks, merger


def _head_sizes(text: Any) -> tuple[int, int]:
    """Width of a head's keys and of its values."""
    if getattr(text, "kv_lora_rank", None):
        return text.qk_nope_head_dim + text.qk_rope_head_dim, text.v_head_dim
    size = getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads
    return size, size


def _squares(ends: torch.Tensor) -> int:
    """Sum of the squared lengths of runs that end at `ends`."""
    return int((ends.diff().long() ** 2).sum())
