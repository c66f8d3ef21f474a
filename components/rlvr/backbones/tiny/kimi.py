"""Tiny Kimi K2.5: MoonViT tower on pictures of any size, DeepSeek-V3 decoder (latent attention, routed experts).

The closest architecture in transformers to Kimi-VL, whose tower and decoder are of the same two families.
"""

from typing import Any

from rlvr.backbones.backbone import Architecture, Tiny
from rlvr.backbones.kimi_video import correct_kimi_video
from rlvr.backbones.tiny.language import heads, language
from rlvr.backbones.tiny.tokenizer import chatml

SPECIAL_TOKENS = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|media_begin|>",
    "<|media_content|>",
    "<|media_pad|>",
    "<|media_end|>",
    "<|kimi_k25_video_placeholder|>",
)
"""ChatML's and Kimi's special tokens."""

TOKEN_ROLES: dict[str, str] = {}
"""Kimi's processor knows its tokens by their text."""

CHAT_TEMPLATE = chatml(
    image="<|media_begin|>image<|media_content|><|media_pad|><|media_end|>", video="<|kimi_k25_video_placeholder|>"
)
"""Media as in Kimi's own template; the processor puts time stamps and media tokens around a video's frames."""


def configuration(architecture: Architecture, tiny: Tiny, tokenizer: Any) -> Any:
    """The configuration of a tiny model with `tokenizer`'s vocabulary."""
    from transformers import AutoConfig

    correct_kimi_video()
    ids = tokenizer.convert_tokens_to_ids
    text = language(tiny, tokenizer) | {
        "model_type": "deepseek_v3",
        "num_key_value_heads": heads(tiny),
        "moe_intermediate_size": tiny.hidden_size // 2,
        "n_routed_experts": 4,
        "n_shared_experts": 1,
        "num_experts_per_tok": 2,
        "n_group": 1,
        "topk_group": 1,
        "first_k_dense_replace": 1,
        "kv_lora_rank": tiny.hidden_size // 2,
        "q_lora_rank": tiny.hidden_size // 2,  # Kimi-VL has none, which transformers 5.23 saves but cannot load
        "qk_nope_head_dim": 16,
        "qk_rope_head_dim": 16,
        "v_head_dim": 32,
        "num_mtp_layers": 0,
    }
    vision = {
        "initializer_range": tiny.initializer_range,
        "hidden_size": tiny.vision_size,
        "intermediate_size": 2 * tiny.vision_size,
        "num_hidden_layers": tiny.vision_layers,
        "num_attention_heads": max(1, tiny.vision_size // 16),
        "patch_size": tiny.patch_size or 14,
        "pos_emb_height": 16,
        "pos_emb_width": 16,
        "pos_emb_time": 4,
        "merge_kernel_size": [2, 2],
    }
    return AutoConfig.for_model(
        architecture,
        text_config=text,
        vision_config=vision,
        projection_hidden_size=tiny.vision_size,
        image_token_id=ids("<|media_pad|>"),
        video_token_id=ids("<|kimi_k25_video_placeholder|>"),
        vision_start_token_id=ids("<|media_begin|>"),
        vision_end_token_id=ids("<|media_end|>"),
        tie_word_embeddings=False,
    )


def processor(architecture: Architecture, tiny: Tiny, tokenizer: Any) -> Any:
    """The processor; pictures become 1 to 256 tokens and are never enlarged."""
    from transformers import Kimi_K25ImageProcessor, Kimi_K25Processor, Kimi_K25VideoProcessor

    shape = {"patch_size": tiny.patch_size or 14, "merge_size": 2, "max_patches": 4 * 256}
    return Kimi_K25Processor(
        image_processor=Kimi_K25ImageProcessor(**shape),
        tokenizer=tokenizer,
        video_processor=Kimi_K25VideoProcessor(**shape),
        chat_template=CHAT_TEMPLATE,
    )
