"""Attention over a `SegmentLayout`, registered with transformers as `shared_prefix`.

The layout travels to every layer as the keyword `layout`. One scaled-dot-product call a segment keeps the arithmetic
exact and makes no [T, T] mask.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    from rlvr.rl.layout import SegmentLayout

NAME = "shared_prefix"


def register() -> None:
    """Make `shared_prefix` known to transformers; calling it again does nothing."""
    from transformers import AttentionInterface
    from transformers.masking_utils import AttentionMaskInterface

    AttentionInterface.register(NAME, shared_prefix)
    AttentionMaskInterface.register(NAME, lambda *args, **kwargs: None)  # the layout carries the structure


def shared_prefix(
    module: Any,
    query: "torch.Tensor",
    key: "torch.Tensor",
    value: "torch.Tensor",
    attention_mask: None,
    *,
    layout: "SegmentLayout",
    scaling: float | None = None,
    **_: Any,
) -> "tuple[torch.Tensor, None]":
    """Attention of one layer; query [1, H, T, D], key and value [1, H_kv, T, D]; returns ([1, T, H, D], None)."""
    import torch
    from torch.nn.functional import scaled_dot_product_attention

    grouped = query.shape[1] != key.shape[1]
    parts = []
    for segment in layout.segments:
        own = slice(segment.start, segment.end)
        keys, values, mask = key[:, :, own], value[:, :, own], None
        if segment.parent_length:
            parent = slice(segment.parent_start, segment.parent_start + segment.parent_length)
            keys = torch.cat([key[:, :, parent], keys], 2)
            values = torch.cat([value[:, :, parent], values], 2)
            mask = layout.mask(segment).to(query.device)
        parts.append(
            scaled_dot_product_attention(
                query[:, :, own],
                keys,
                values,
                attn_mask=mask,
                is_causal=mask is None,
                scale=scaling,
                enable_gqa=grouped,
            )
        )
    return torch.cat(parts, 2).transpose(1, 2), None
