"""One decoding step over a decoder's weights, without the module machinery around them.

For one token a row, transformers' modules, wrappers and mask making cost more time on a CPU than the arithmetic. The
decoders of Qwen2, Qwen2-VL, Qwen2.5-VL and Qwen3-VL are of one form (RMSNorm, rotary attention with grouped keys,
SwiGLU), so their step is written out here once; every other decoder runs its own forward pass.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch.nn.functional import linear, rms_norm, silu

FORMS = frozenset({"Qwen2DecoderLayer", "Qwen2VLDecoderLayer", "Qwen2_5_VLDecoderLayer", "Qwen3VLTextDecoderLayer"})
"""Classes of decoder layers that the step below computes."""

PROJECTIONS = ("q_proj", "k_proj", "v_proj", "o_proj")

Attend = Callable[[int, torch.Tensor, torch.Tensor, torch.Tensor, float], torch.Tensor]
"""(layer, query [rows, H, 1, D], key and value [rows, H_kv, 1, D], scaling) -> [rows, 1, H, D]."""


def is_plain(language: Any) -> bool:
    """Whether a language model is of the form above, its weights plain matrices without adapters or hooks."""
    return all(
        type(layer).__name__ in FORMS
        and all(type(getattr(layer.self_attn, name)) is torch.nn.Linear for name in PROJECTIONS)
        and all(type(getattr(layer.mlp, name)) is torch.nn.Linear for name in ("gate_proj", "up_proj", "down_proj"))
        and layer.self_attn.q_proj.weight.numel()
        for layer in language.layers
    )


def decode(language: Any, embedded: torch.Tensor, positions: torch.Tensor, attend: Attend) -> torch.Tensor:
    """Last hidden states, [rows, hidden], of one token a row.

    embedded [rows, hidden]; positions as the decoder's rotary embedding takes them, [3, rows, 1] or [rows, 1].
    """
    cos, sin = language.rotary_emb(embedded[:, None], positions)  # [rows, 1, D]
    half = cos.shape[-1] // 2
    sin = torch.cat([-sin[..., :half], sin[..., half:]], -1)  # the sign of the rotation
    rows, hidden = embedded.shape

    def rotated(states: torch.Tensor) -> Any:
        return states * cos + states.roll(half, -1) * sin

    for index, layer in enumerate(language.layers):
        attention, mlp = layer.self_attn, layer.mlp
        normed = _norm(embedded, layer.input_layernorm)
        query, key, value = (
            linear(normed, each.weight, each.bias).view(rows, -1, attention.head_dim)
            for each in (attention.q_proj, attention.k_proj, attention.v_proj)
        )
        if hasattr(attention, "q_norm"):
            query, key = _norm(query, attention.q_norm), _norm(key, attention.k_norm)
        mixed = attend(
            index, rotated(query)[:, :, None], rotated(key)[:, :, None], value[:, :, None], attention.scaling
        )
        embedded = embedded + linear(mixed.view(rows, -1), attention.o_proj.weight, attention.o_proj.bias)
        normed = _norm(embedded, layer.post_attention_layernorm)
        gated = silu(linear(normed, mlp.gate_proj.weight)).mul_(linear(normed, mlp.up_proj.weight))
        embedded = embedded + linear(gated, mlp.down_proj.weight)
    final: torch.Tensor = _norm(embedded, language.norm)
    return final


def _norm(states: torch.Tensor, module: Any) -> torch.Tensor:
    """As transformers rounds in half precision: normalised in float32, rounded, then multiplied."""
    normed = rms_norm(states.float(), states.shape[-1:], None, module.variance_epsilon)
    result: torch.Tensor = module.weight * normed.to(states.dtype)
    return result
