"""Tiny Qwen2-VL, Qwen2.5-VL and Qwen3-VL: pictures of any size, 2 x 2 patches a token, three-axis rotary positions."""

from typing import Any

from rlvr.backbones.backbone import Architecture, Tiny
from rlvr.backbones.tiny.language import heads, language
from rlvr.backbones.tiny.tokenizer import chatml

SPECIAL_TOKENS = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|vision_pad|>",
    "<|image_pad|>",
    "<|video_pad|>",
)
"""Qwen-VL's special tokens."""

TOKEN_ROLES: dict[str, str] = {}
"""Qwen-VL's processors know their tokens by their text."""

CHAT_TEMPLATE = chatml(
    image="<|vision_start|><|image_pad|><|vision_end|>", video="<|vision_start|><|video_pad|><|vision_end|>"
)
"""Media as in Qwen-VL's own templates."""


def patch_side(architecture: Architecture, tiny: Tiny) -> int:
    """Side of a patch in pixels: 16 in Qwen3-VL and 14 before it, unless `tiny` sets another."""
    return tiny.patch_size or (16 if architecture == "qwen3_vl" else 14)


def configuration(architecture: Architecture, tiny: Tiny, tokenizer: Any) -> Any:
    """The configuration of a tiny model with `tokenizer`'s vocabulary."""
    from transformers import AutoConfig

    ids = token_ids(tokenizer)
    half = tiny.hidden_size // heads(tiny) // 2
    # rotary frequencies of height and width; Qwen3-VL interleaves the axes, so that time has the most
    side = half // 3 if architecture == "qwen3_vl" else 3 * half // 8
    text = language(tiny, tokenizer) | {
        "rope_parameters": {
            "rope_type": "default",
            "rope_theta": 1e6,
            "mrope_section": [half - 2 * side, side, side],
        }
    }
    vision: dict[str, Any] = {
        "initializer_range": tiny.initializer_range,
        "depth": tiny.vision_layers,
        "num_heads": max(1, tiny.vision_size // 16),
        "patch_size": patch_side(architecture, tiny),
        "spatial_merge_size": 2,
        "temporal_patch_size": 2,
    }
    if architecture == "qwen2_vl":
        vision |= {"embed_dim": tiny.vision_size, "hidden_size": tiny.hidden_size, "mlp_ratio": 2}
    else:
        vision |= {
            "hidden_size": tiny.vision_size,
            "intermediate_size": 2 * tiny.vision_size,
            "out_hidden_size": tiny.hidden_size,
        }
    if architecture == "qwen2_5_vl":
        vision |= {
            "window_size": 8 * patch_side(architecture, tiny),
            "fullatt_block_indexes": [tiny.vision_layers - 1],
            "tokens_per_second": 2,
        }
    if architecture == "qwen3_vl":
        text["head_dim"] = 2 * half
        text["rope_parameters"]["mrope_interleaved"] = True
        vision |= {
            "num_position_embeddings": 16 * 16,
            "deepstack_visual_indexes": list(range(min(tiny.layers, tiny.vision_layers))),
        }
    return AutoConfig.for_model(architecture, text_config=text, vision_config=vision, tie_word_embeddings=False, **ids)


def token_ids(tokenizer: Any) -> dict[str, int]:
    """Ids of the media tokens, by their names in the configuration."""
    return {
        "image_token_id": tokenizer.convert_tokens_to_ids("<|image_pad|>"),
        "video_token_id": tokenizer.convert_tokens_to_ids("<|video_pad|>"),
        "vision_start_token_id": tokenizer.convert_tokens_to_ids("<|vision_start|>"),
        "vision_end_token_id": tokenizer.convert_tokens_to_ids("<|vision_end|>"),
    }


def processor(architecture: Architecture, tiny: Tiny, tokenizer: Any) -> Any:
    """The processor; pictures become 1 to 256 tokens."""
    import transformers

    patch = patch_side(architecture, tiny)
    shape = {"patch_size": patch, "merge_size": 2, "temporal_patch_size": 2}
    size = {"shortest_edge": (2 * patch) ** 2, "longest_edge": 256 * (2 * patch) ** 2}
    whole, videos = {
        "qwen2_vl": ("Qwen2VLProcessor", "Qwen2VLVideoProcessor"),
        "qwen2_5_vl": ("Qwen2_5_VLProcessor", "Qwen2VLVideoProcessor"),
        "qwen3_vl": ("Qwen3VLProcessor", "Qwen3VLVideoProcessor"),
    }[architecture]
    return getattr(transformers, whole)(
        image_processor=transformers.Qwen2VLImageProcessor(size=size, **shape),
        tokenizer=tokenizer,
        video_processor=getattr(transformers, videos)(size=size, **shape),
        chat_template=CHAT_TEMPLATE,
    )
