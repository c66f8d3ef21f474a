"""Which model training starts from: a published checkpoint, or a tiny offline one of the same architecture."""

from dataclasses import dataclass
from typing import Literal

Architecture = Literal["qwen2_vl", "qwen2_5_vl", "qwen3_vl", "internvl", "kimi_k25"]
"""Model types of transformers that the tiny backbones are built in."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tiny:
    """Size and warm-up of a tiny backbone that is built offline, in any of the architectures."""

    hidden_size: int = 128
    """Width of the language model."""
    layers: int = 3
    """Decoder layers."""
    vision_size: int = 64
    """Width of the vision tower."""
    vision_layers: int = 2
    """Layers of the vision tower."""
    patch_size: int | None = None
    """Side of a picture patch in pixels; 2 x 2 patches make one token. None takes the architecture's own: 16 in
    qwen3_vl, 14 elsewhere."""
    initializer_range: float = 0.08
    """Standard deviation of new weights: about 1 / sqrt(hidden_size); the 0.02 of large models learns far slower."""
    warmup_steps: int = 400
    """Supervised steps on demonstrations, after which the base speaks the answer format and solves part of the task."""
    warmup_batch: int = 32
    """Rows a warm-up step."""
    warmup_learning_rate: float = 1e-3
    """Peak learning rate of the warm-up."""
    warmup_rows: int = 4000
    """Synthetic rows a task for the warm-up."""
    seed: int = 0
    """Seed of weights, rows and order; of the vision tower in the `smol` backbone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Backbone:
    """The base model of a method."""

    hub_id: str
    """Hugging Face model id."""
    revision: str | None
    """40-hex commit of the checkpoint; None when none has been established (a Hub read then asks for one)."""
    architecture: Architecture
    """`model_type` of the checkpoint's configuration, or the nearest one for a checkpoint with its own code; the
    tiny stand-in is built in it."""
    licence: str
    """Licence of the weights."""
    precision: Literal["bfloat16", "float32"] = "bfloat16"
    """Type of the weights in training."""
    remote_code: bool = False
    """Whether the checkpoint's own Python code is executed; only with a 40-hex revision, whose files are fetched with
    the weights."""
    location: str = "hub"
    """`hub`, `tiny`, `smol` (SmolLM2-135M-Instruct inside Qwen2.5-VL), a folder, or `s3://bucket/prefix`."""
    tiny: Tiny = Tiny()
    """The tiny stand-in, used when `location` is `tiny`."""
