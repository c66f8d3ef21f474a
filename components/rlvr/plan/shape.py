"""Sizes of a backbone as its published configuration gives them; everything that memory and time are computed from."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from rlvr.canonical import load
from rlvr.errors import RlvrError


@dataclass(frozen=True, kw_only=True, slots=True)
class LatentAttention:
    """Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434)."""

    kv_rank: int
    """Width of the compressed keys and values."""
    q_rank: int = 0
    """Width of the compressed queries; 0 projects them at once."""
    nope: int
    """Width of a head's keys without rotary positions."""
    rope: int
    """Width of a head's rotary keys."""
    value: int
    """Width of a head's values."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Experts:
    """A mixture of experts in place of the feed-forward layer."""

    routed: int
    """Experts to choose from."""
    chosen: int
    """Experts that a token goes through, without the shared ones."""
    shared: int
    """Experts that every token goes through."""
    intermediate: int
    """Width of one expert."""
    dense_layers: int
    """Layers at the beginning that have an ordinary feed-forward layer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Language:
    """The decoder."""

    hidden: int
    """Width of the residual stream."""
    layers: int
    """Decoder layers."""
    heads: int
    """Query heads a layer."""
    kv_heads: int
    """Key and value heads a layer."""
    head: int
    """Width of a head (keys; with latent attention see there)."""
    intermediate: int
    """Width of the gated feed-forward layer."""
    vocabulary: int
    """Rows of the embedding."""
    tied: bool = False
    """Whether embedding and output head are one matrix."""
    bias: bool = True
    """Whether the projections to queries, keys and values have biases."""
    latent: LatentAttention | None = None
    """Latent attention in place of grouped heads."""
    experts: Experts | None = None
    """Mixture of experts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Vision:
    """The vision tower with what leads from it into the decoder."""

    hidden: int
    """Width of a patch's state."""
    layers: int
    """Blocks."""
    heads: int
    """Attention heads a block."""
    intermediate: int
    """Width of a block's feed-forward layer."""
    gated: bool = False
    """Whether that layer is gated (three matrices)."""
    norm: Literal["layer", "rms"] = "layer"
    """Normalisation: with bias, or without and in float32."""
    patch: int = 14
    """Side of a patch, pixels."""
    frames: int = 1
    """Frames of a video that one patch covers; a still picture is repeated."""
    patch_bias: bool = True
    """Whether the patch embedding has a bias."""
    attention_bias: bool = True
    """Whether the projections to queries, keys and values have biases."""
    head_norm: bool = False
    """Whether queries and keys are normalised."""
    layer_scale: bool = False
    """Whether each residual branch has a learnt scale."""
    positions: int = 0
    """Learnt positions, a class token's included."""
    final_norm: bool = False
    """Whether the last block is followed by a normalisation."""
    full_layers: int | None = None
    """Blocks whose attention goes over the whole picture; None: all. The others attend within windows."""
    window: int = 112
    """Side of such a window, pixels."""
    tile: int | None = None
    """Side of the square tiles that a picture is cut into; None takes pictures of any size."""
    most_tiles: int = 12
    """Tiles of a picture at most, where the stage sets no limit of its own."""
    most_pixels: int = 12_845_056
    """Largest area that the processor keeps, where the stage sets no limit of its own, pixels."""
    projector: Literal["patch_norm", "token_norm"] = "patch_norm"
    """The way into the decoder: normalised patches, 4 together through a square matrix (Qwen-VL, Kimi), or 4 together
    normalised and straight to the decoder's width, then a square matrix there (InternVL)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """One published checkpoint."""

    hub_ids: tuple[str, ...]
    """Hugging Face model ids that share this shape."""
    parameters: int
    """Published number of parameters."""
    exact: bool = True
    """Whether `parameters` is the count of the checkpoint's tensors; else a figure rounded to its last digit."""
    source: str
    """Where shape and number come from."""
    packed: bool = True
    """Whether the engine packs the model (`rlvr.rl.families`); a checkpoint with its own code runs as plain
    sequences."""
    language: Language
    """Decoder."""
    vision: Vision
    """Vision tower."""


@cache
def shapes() -> dict[str, Shape]:
    """Every known shape by model id."""
    data: dict[str, Any] = tomllib.loads((files("rlvr.plan") / "backbones.toml").read_text(encoding="utf-8"))
    known = [load(Shape, entry) for entry in data["backbone"]]
    return {name: shape for shape in known for name in shape.hub_ids}


def shape_of(hub_id: str) -> Shape:
    """The shape of a model id."""
    if hub_id not in shapes():
        raise RlvrError(
            f"The sizes of {hub_id} are not in rlvr/plan/backbones.toml, so its memory cannot be computed. Add an "
            f"entry with the figures of its config.json, or choose one of {', '.join(sorted(shapes()))}."
        )
    return shapes()[hub_id]
