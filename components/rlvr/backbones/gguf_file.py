"""Reading a language model of the Llama family from a GGUF file, llama.cpp's format: weights, sizes and tokenizer."""

from pathlib import Path
from typing import Any

PARTS = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "attn_norm": "input_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
    "ffn_norm": "post_attention_layernorm",
}
"""Names of a layer's parts in the file and in transformers."""

WHOLE = {"token_embd": "embed_tokens", "output_norm": "norm"}
"""Names of what stands outside the layers."""

CONTROL = 3
"""GGUF's type of special tokens."""


class GgufModel:
    """An opened file."""

    def __init__(self, file: Path) -> None:
        from gguf import GGUFReader

        self._reader = GGUFReader(file)

    def field(self, name: str) -> Any:
        """A metadata value, e.g. `llama.block_count`."""
        return self._reader.fields[name].contents()

    def weights(self) -> dict[str, Any]:
        """Float32 tensors by their names in transformers' decoder (`layers.0.mlp.up_proj.weight`)."""
        import numpy as np
        import torch
        from gguf import dequantize

        heads = {
            "attn_q": self.field("llama.attention.head_count"),
            "attn_k": self.field("llama.attention.head_count_kv"),
        }
        result = {}
        for tensor in self._reader.tensors:
            value = np.array(dequantize(tensor.data, tensor.tensor_type), dtype=np.float32)
            layer, part = tensor.name.split(".")[1:3] if tensor.name.startswith("blk.") else ("", "")
            if part in heads:  # llama.cpp rotates neighbouring values, transformers halves of a head
                pairs = value.reshape(heads[part], -1, 2, value.shape[1])
                value = pairs.swapaxes(1, 2).reshape(value.shape)
            name = f"layers.{layer}.{PARTS[part]}" if part else WHOLE[tensor.name.removesuffix(".weight")]
            result[f"{name}.weight"] = torch.from_numpy(np.ascontiguousarray(value))
        return result

    def tokenizer(self, **settings: Any) -> Any:
        """The byte-level BPE tokenizer with digits apart (pre-tokenizer `smollm`); `settings` as transformers' has."""
        from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
        from transformers import PreTrainedTokenizerFast

        tokens = self.field("tokenizer.ggml.tokens")
        merges = [tuple(merge.split(" ")) for merge in self.field("tokenizer.ggml.merges")]
        tokenizer = Tokenizer(models.BPE({token: number for number, token in enumerate(tokens)}, merges))
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
        )
        tokenizer.decoder = decoders.ByteLevel()
        kinds = self.field("tokenizer.ggml.token_type")
        special = [token for token, kind in zip(tokens, kinds, strict=True) if kind == CONTROL]
        tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in special])
        return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **settings)
