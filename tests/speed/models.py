"""Qwen2.5-VL with random weights, as checkpoint folders that both sides load."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

SPECIAL_TOKENS = [
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|vision_pad|>",
    "<|image_pad|>",
    "<|video_pad|>",
]

CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<|vision_start|><|image_pad|><|vision_end|>{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)

CORPUS = ["How many red squares are there in the picture in all?", "user assistant", "The answer is 12."] * 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """Sizes of a Qwen2.5-VL."""

    hidden: int
    """Width of the language model."""
    intermediate: int
    """Width of its feed-forward layers."""
    layers: int
    """Its layers."""
    heads: int
    """Query heads."""
    kv_heads: int
    """Key and value heads."""
    vocabulary: int
    """Rows of the embedding and of the head."""
    tied: bool = False
    """Whether embedding and head are one matrix."""
    vision_hidden: int
    """Width of the vision tower."""
    vision_intermediate: int
    """Width of its feed-forward layers."""
    vision_depth: int
    """Its layers."""
    vision_heads: int
    """Its heads."""
    vision_full: tuple[int, ...] = (1,)
    """Its layers with attention over the whole picture; the others see windows."""


SHAPES = {
    "S": Shape(
        hidden=128, intermediate=256, layers=4, heads=8, kv_heads=2, vocabulary=4096,
        vision_hidden=64, vision_intermediate=128, vision_depth=2, vision_heads=4,
    ),
    "M": Shape(
        hidden=512, intermediate=1376, layers=8, heads=8, kv_heads=2, vocabulary=16384,
        vision_hidden=256, vision_intermediate=688, vision_depth=4, vision_heads=8,
    ),
    "2B": Shape(
        hidden=1536, intermediate=8960, layers=28, heads=12, kv_heads=2, vocabulary=151936, tied=True,
        vision_hidden=1280, vision_intermediate=3420, vision_depth=32, vision_heads=16, vision_full=(7, 15, 23, 31),
    ),
}  # fmt: skip
"""1.9M parameters; 44M parameters; Qwen2.5-1.5B's decoder under Qwen2.5-VL's vision tower, 2.2B parameters."""


def build(shape: Shape, precision: str, folder: Path) -> None:
    """Write a checkpoint with weights from seed 0, and its processor, to `folder`."""
    import torch

    from rlvr.backbones.checkpoint import quiet_transformers

    transformers = quiet_transformers()
    tokenizer = _tokenizer(transformers)
    torch.manual_seed(0)
    model = transformers.AutoModelForImageTextToText.from_config(
        _configuration(shape, tokenizer, transformers), dtype=getattr(torch, precision)
    )
    model.generation_config = transformers.GenerationConfig(
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id
    )
    model.save_pretrained(folder)
    patches: dict[str, Any] = {
        "size": {"shortest_edge": 56 * 56, "longest_edge": (64 * 28) ** 2},
        "patch_size": 14,
        "merge_size": 2,
        "temporal_patch_size": 2,
    }
    transformers.Qwen2_5_VLProcessor(
        image_processor=transformers.Qwen2VLImageProcessor(**patches),
        tokenizer=tokenizer,
        video_processor=transformers.Qwen2VLVideoProcessor(**patches),
        chat_template=CHAT_TEMPLATE,
    ).save_pretrained(folder)


def _tokenizer(transformers: Any) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=512,
        special_tokens=SPECIAL_TOKENS,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>", padding_side="left"
    )


def _configuration(shape: Shape, tokenizer: Any, transformers: Any) -> Any:
    ids = {token: tokenizer.convert_tokens_to_ids(token) for token in SPECIAL_TOKENS}
    half = shape.hidden // shape.heads // 2
    side = 3 * half // 8
    text = {
        "hidden_size": shape.hidden,
        "intermediate_size": shape.intermediate,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "num_key_value_heads": shape.kv_heads,
        "vocab_size": shape.vocabulary,
        "tie_word_embeddings": shape.tied,
        "max_position_embeddings": 32768,
        "bos_token_id": ids["<|endoftext|>"],
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [half - 2 * side, side, side]},
    }
    vision = {
        "hidden_size": shape.vision_hidden,
        "intermediate_size": shape.vision_intermediate,
        "depth": shape.vision_depth,
        "num_heads": shape.vision_heads,
        "fullatt_block_indexes": list(shape.vision_full),
        "out_hidden_size": shape.hidden,
        "patch_size": 14,
        "spatial_merge_size": 2,
        "temporal_patch_size": 2,
        "window_size": 112,
        "tokens_per_second": 2,
    }
    return transformers.AutoConfig.for_model(
        "qwen2_5_vl",
        text_config=text,
        vision_config=vision,
        image_token_id=ids["<|image_pad|>"],
        video_token_id=ids["<|video_pad|>"],
        vision_start_token_id=ids["<|vision_start|>"],
        vision_end_token_id=ids["<|vision_end|>"],
        tie_word_embeddings=shape.tied,
    )
