"""The part of a tiny language model's configuration that the families share."""

from typing import Any

from rlvr.backbones.backbone import Tiny


def heads(tiny: Tiny) -> int:
    """Attention heads of 32 values each."""
    return max(1, tiny.hidden_size // 32)


def language(tiny: Tiny, tokenizer: Any) -> dict[str, Any]:
    """Sizes, initialisation and token ids, by their names in transformers' text configurations."""
    return {
        "initializer_range": tiny.initializer_range,
        "hidden_size": tiny.hidden_size,
        "intermediate_size": 2 * tiny.hidden_size,
        "num_hidden_layers": tiny.layers,
        "num_attention_heads": heads(tiny),
        "num_key_value_heads": max(1, heads(tiny) // 2),
        "max_position_embeddings": 4096,
        "vocab_size": len(tokenizer),
        "bos_token_id": tokenizer.pad_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        "tie_word_embeddings": False,
    }
