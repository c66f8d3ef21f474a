"""Tiny vision-language models of published architectures, built offline: random weights, own tokenizer, real classes.

The model, processor and chat template are transformers' own for the architecture, so everything that works on a tiny
backbone works on the published checkpoint. The tokenizer is a lossless byte-level BPE trained on the texts given.
"""

from collections.abc import Iterable
from typing import Any

from rlvr.backbones.backbone import Architecture, Tiny
from rlvr.backbones.checkpoint import quiet_transformers

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

CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}"
    "{% else %}{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<|vision_start|><|image_pad|><|vision_end|>"
    "{% elif part['type'] == 'video' %}<|vision_start|><|video_pad|><|vision_end|>"
    "{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""ChatML, the format of Qwen-VL."""


def build(architecture: Architecture, tiny: Tiny, texts: Iterable[str]) -> tuple[Any, Any]:
    """A model with weights drawn from `tiny.seed` and its processor, whose tokenizer is trained on `texts`."""
    import torch

    transformers = quiet_transformers()
    tokenizer = _tokenizer(texts, transformers)
    torch.manual_seed(tiny.seed)
    model = transformers.AutoModelForImageTextToText.from_config(_configuration(architecture, tiny, tokenizer))
    model.generation_config = transformers.GenerationConfig(
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id
    )
    return model.eval(), _processor(architecture, tiny, tokenizer, transformers)


def _tokenizer(texts: Iterable[str], transformers: Any) -> Any:
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            # tags stay whole and digits stand alone, so that answers tokenize the same way everywhere
            pre_tokenizers.Split(Regex(r"</?\w+>|\d| ?\p{L}+|\s+|[^\s\p{L}\d]"), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=768,
            special_tokens=list(SPECIAL_TOKENS),
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
            show_progress=False,
        ),
    )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>", padding_side="left"
    )


def _configuration(architecture: Architecture, tiny: Tiny, tokenizer: Any) -> Any:
    ids = {token: tokenizer.convert_tokens_to_ids(token) for token in SPECIAL_TOKENS}
    heads = max(1, tiny.hidden_size // 32)
    half = tiny.hidden_size // heads // 2
    text: dict[str, Any] = {
        "initializer_range": tiny.initializer_range,
        "hidden_size": tiny.hidden_size,
        "intermediate_size": 2 * tiny.hidden_size,
        "num_hidden_layers": tiny.layers,
        "num_attention_heads": heads,
        "num_key_value_heads": max(1, heads // 2),
        "max_position_embeddings": 4096,
        "vocab_size": len(tokenizer),
        "bos_token_id": ids["<|endoftext|>"],
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "tie_word_embeddings": False,
        "rope_parameters": {
            "rope_type": "default",
            "rope_theta": 1e6,
            "mrope_section": [half - 2 * (3 * half // 8), 3 * half // 8, 3 * half // 8],
        },
    }
    vision: dict[str, Any] = {
        "initializer_range": tiny.initializer_range,
        "depth": tiny.vision_layers,
        "num_heads": max(1, tiny.vision_size // 16),
        "patch_size": tiny.patch_size,
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
            "window_size": 8 * tiny.patch_size,
            "fullatt_block_indexes": [tiny.vision_layers - 1],
            "tokens_per_second": 2,
        }
    from transformers import AutoConfig

    return AutoConfig.for_model(
        architecture,
        text_config=text,
        vision_config=vision,
        image_token_id=ids["<|image_pad|>"],
        video_token_id=ids["<|video_pad|>"],
        vision_start_token_id=ids["<|vision_start|>"],
        vision_end_token_id=ids["<|vision_end|>"],
        tie_word_embeddings=False,
    )


def _processor(architecture: Architecture, tiny: Tiny, tokenizer: Any, transformers: Any) -> Any:
    side = tiny.patch_size * 2
    shape = {"patch_size": tiny.patch_size, "merge_size": 2, "temporal_patch_size": 2}
    size = {"shortest_edge": side**2, "longest_edge": 256 * side**2}
    kind = transformers.Qwen2VLProcessor if architecture == "qwen2_vl" else transformers.Qwen2_5_VLProcessor
    return kind(
        image_processor=transformers.Qwen2VLImageProcessor(size=size, **shape),
        tokenizer=tokenizer,
        video_processor=transformers.Qwen2VLVideoProcessor(size=size, **shape),
        chat_template=CHAT_TEMPLATE,
    )
