"""Tiny InternVL: pictures as square tiles of one size and a thumbnail, one-axis rotary positions, Qwen2 decoder."""

from typing import Any

from rlvr.backbones.backbone import Architecture, Tiny
from rlvr.backbones.tiny.language import language
from rlvr.backbones.tiny.tokenizer import chatml

SPECIAL_TOKENS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", "<img>", "</img>", "<IMG_CONTEXT>", "<video>")
"""ChatML's and InternVL's special tokens."""

TOKEN_ROLES = {
    "start_image_token": "<img>",
    "end_image_token": "</img>",
    "context_image_token": "<IMG_CONTEXT>",
    "video_token": "<video>",
}
"""InternVL's processor asks its tokenizer for these."""

CHAT_TEMPLATE = chatml(image="<IMG_CONTEXT>\n", video="<video>\n")
"""Media as in InternVL's own template."""

GRID = 8
"""Patches along the side of a tile; 2 x 2 patches make one token, so a tile has 16 tokens (InternVL: 256)."""


def configuration(architecture: Architecture, tiny: Tiny, tokenizer: Any) -> Any:
    """The configuration of a tiny model with `tokenizer`'s vocabulary."""
    from transformers import AutoConfig

    patch = tiny.patch_size or 14
    vision = {
        "initializer_range": tiny.initializer_range,
        "hidden_size": tiny.vision_size,
        "intermediate_size": 2 * tiny.vision_size,
        "num_hidden_layers": tiny.vision_layers,
        "num_attention_heads": max(1, tiny.vision_size // 16),
        "image_size": [GRID * patch, GRID * patch],
        "patch_size": [patch, patch],
    }
    return AutoConfig.for_model(
        architecture,
        text_config=language(tiny, tokenizer) | {"model_type": "qwen2"},
        vision_config=vision,
        downsample_ratio=0.5,
        image_seq_length=(GRID // 2) ** 2,
        image_token_id=tokenizer.convert_tokens_to_ids("<IMG_CONTEXT>"),
        tie_word_embeddings=False,
    )


def processor(architecture: Architecture, tiny: Tiny, tokenizer: Any) -> Any:
    """The processor; a picture becomes 1 to 4 tiles (and a thumbnail beside several), a video one tile a frame."""
    from transformers import GotOcr2ImageProcessor, InternVLProcessor, InternVLVideoProcessor

    side = GRID * (tiny.patch_size or 14)
    size = {"height": side, "width": side}
    return InternVLProcessor(
        image_processor=GotOcr2ImageProcessor(size=size, crop_to_patches=True, min_patches=1, max_patches=4),
        tokenizer=tokenizer,
        video_processor=InternVLVideoProcessor(size=size),
        image_seq_length=(GRID // 2) ** 2,
        chat_template=CHAT_TEMPLATE,
    )
