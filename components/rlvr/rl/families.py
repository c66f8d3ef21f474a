"""What the packed forward pass needs to know of a model family: media, rotary positions, whether it can be packed.

Families: Qwen2-VL, Qwen2.5-VL, Qwen3-VL, InternVL and Kimi K2.5's class (MoonViT with a DeepSeek-V3 decoder). Other
models train through plain sequences, see `rlvr.rl.plain`.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from rlvr.rl.attention import NAME, register

if TYPE_CHECKING:
    from rlvr.rl.encoding import EncodedPrompt

PACKABLE = frozenset({"qwen2_vl", "qwen2_5_vl", "qwen3_vl", "qwen3_vl_moe", "internvl", "kimi_k25"})
"""Model types whose decoder calls transformers' attention interface and takes keywords through to it."""

MODALITIES = {
    "image": {"pixel_values": "pixel_values", "image_grid_thw": "image_grid_thw"},
    "video": {"pixel_values_videos": "pixel_values_videos", "video_grid_thw": "video_grid_thw"},
}
"""By modality the processor's keys and the names under which `get_<modality>_features` takes them."""


def why_not_packable(model: Any) -> str | None:
    """None when the model can run the packed forward pass, else the reason."""
    kind = model.config.model_type
    if kind not in PACKABLE:
        return f"model type {kind} is not one of {', '.join(sorted(PACKABLE))}"
    layers = set(getattr(model.config.get_text_config(), "layer_types", None) or ["full_attention"])
    if layers != {"full_attention"}:
        return f"its decoder has {', '.join(sorted(layers - {'full_attention'}))} layers"
    return None


@contextmanager
def packed(model: Any) -> Iterator[None]:
    """Let the language model's attention read a `SegmentLayout` (or a `Decoding`) for the time being."""
    register()
    config = model.model.language_model.config
    before, config._attn_implementation = config._attn_implementation, NAME
    try:
        yield
    finally:
        if not (recomputes(model) and torch.is_grad_enabled()):  # the backward pass runs layers again
            config._attn_implementation = before


def recomputes(model: Any) -> bool:
    """Whether gradient checkpointing is on in the language model."""
    layers = model.model.language_model.layers
    return any(getattr(layer, "gradient_checkpointing", False) and layer.training for layer in layers)


def vision_tower(model: Any) -> Any:
    """The module that sees pictures."""
    return model.model.visual if hasattr(model.model, "visual") else model.model.vision_tower


def rope_positions(model: Any, prompt: "EncodedPrompt") -> torch.Tensor:
    """The model's own rotary positions of one prompt, [3, P] for M-RoPE and [1, P] for others."""
    if not hasattr(model.model, "get_rope_index"):
        return torch.arange(len(prompt.ids))[None]
    grids = {key: prompt.media[key] for key in ("image_grid_thw", "video_grid_thw") if key in prompt.media}
    if not grids:
        return torch.arange(len(prompt.ids))[None].expand(3, -1)
    if "second_per_grid_ts" in prompt.media:
        grids["second_per_grid_ts"] = prompt.media["second_per_grid_ts"]
    positions, _ = model.model.get_rope_index(
        prompt.ids[None], mm_token_type_ids=prompt.token_types[None].int(), **grids
    )
    return positions[:, 0]  # type: ignore[no-any-return]


def for_language_model(positions: torch.Tensor) -> torch.Tensor:
    """Positions [axes, rows, T] as the decoder takes them: [3, rows, T] for M-RoPE, else [rows, T]."""
    return positions if positions.shape[0] == 3 else positions[0]


def for_model(model: Any, name: str, tensor: torch.Tensor) -> torch.Tensor:
    """An input on the model's device; pixels in the model's precision, which MoonViT does not see to itself."""
    weight = next(model.parameters())
    return tensor.to(weight.device, weight.dtype if name.startswith("pixel_values") else tensor.dtype)


def vision_features(model: Any, prompts: Sequence["EncodedPrompt"]) -> dict[str, Any]:
    """Outputs of the vision tower by modality, one call each for all prompts: `mm_encoder_outputs` of transformers."""
    features = {}
    for modality, names in MODALITIES.items():
        having = [prompt for prompt in prompts if next(iter(names)) in prompt.media]
        if having:
            inputs = {
                argument: for_model(model, key, torch.cat([prompt.media[key] for prompt in having]))
                for key, argument in names.items()
                if key in having[0].media
            }
            encode = getattr(model.model, f"get_{modality}_features")
            features[modality] = encode(**inputs, return_dict=True)
    return features


def joined(parts: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Features of several prompts, each from its own `vision_features`, as those of one call."""
    from transformers.modeling_outputs import BaseModelOutputWithPooling

    result: dict[str, Any] = {}
    for modality in MODALITIES:
        outputs = [part[modality] for part in parts if modality in part]
        if not outputs:
            continue
        result[modality] = BaseModelOutputWithPooling(pooler_output=_end_to_end([out.pooler_output for out in outputs]))
        if hasattr(outputs[0], "deepstack_features"):
            layers = zip(*(output.deepstack_features for output in outputs), strict=True)
            result[modality].deepstack_features = [_end_to_end(layer) for layer in layers]
    return result


def _end_to_end(parts: Sequence[Any]) -> Any:
    """Tensors joined along the first dimension; tuples of one tensor a picture as one tuple."""
    return (
        torch.cat(list(parts)) if isinstance(parts[0], torch.Tensor) else tuple(each for part in parts for each in part)
    )
