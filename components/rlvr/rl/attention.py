"""Attention over a `SegmentLayout`, registered with transformers as `shared_prefix`.

The layout travels to every layer as the keyword `layout`. On the CPU one scaled-dot-product call a segment keeps the
arithmetic exact and makes no [T, T] mask; on a GPU in half precision one variable-length flash call serves the whole
stream (torch.nn.attention.varlen; its contract is emulated in the tests, `make test-gpu` runs the kernel itself).
"""

import inspect
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import torch
from torch.nn.functional import scaled_dot_product_attention

if TYPE_CHECKING:
    from rlvr.rl.decoding import Decoding
    from rlvr.rl.layout import SegmentLayout

NAME = "shared_prefix"

Kept = dict[int, tuple[torch.Tensor, torch.Tensor]]
"""Keys and values of the stream by layer, [1, H_kv, T, D] each."""


def register() -> None:
    """Make `shared_prefix` known to transformers; calling it again does nothing."""
    from transformers import AttentionInterface
    from transformers.masking_utils import AttentionMaskInterface

    AttentionInterface.register(NAME, lambda *args, **kwargs: shared_prefix(*args, **kwargs))
    AttentionMaskInterface.register(NAME, lambda *args, **kwargs: None)  # the layout carries the structure


def shared_prefix(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: None,
    *,
    layout: "SegmentLayout | None" = None,
    prefix: Kept | None = None,
    kept: Kept | None = None,
    decoding: "Decoding | None" = None,
    scaling: float | None = None,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """Attention of one layer; query [1, H, T, D], key and value [1, H_kv, T, D]; returns ([1, T, H, D], None).

    With `prefix` the roots have been read before and only the responses are fed. `kept` collects every layer's keys and
    values, for generation to go on from; with `decoding` the call is one step of generation instead, query
    [rows, H, 1, D].
    """
    if decoding is not None:
        return decoding.attend(module.layer_idx, query, key, value, scaling), None
    assert layout is not None, "the shared_prefix attention needs a layout"
    offset = 0
    if prefix is not None:
        before = prefix[module.layer_idx]
        offset = before[0].shape[2]
        key, value = torch.cat([before[0], key], 2), torch.cat([before[1], value], 2)
    if kept is not None:
        kept[module.layer_idx] = (key, value)
    if takes_varlen(query, value):
        return _varlen(query, key, value, layout, offset, scaling), None
    attend = partial(scaled_dot_product_attention, scale=scaling, enable_gqa=query.shape[1] != key.shape[1])
    fed = layout.fed(offset)
    keys, values = layout.pieces(key), layout.pieces(value)
    parts = []
    for segment, asking in zip(fed, torch.split(query, [segment.length for segment in fed], 2), strict=True):
        spans = (*segment.path, (segment.start, segment.end))
        seen, read = layout.within(keys, *spans), layout.within(values, *spans)
        if segment.path:
            parts.append(attend(asking, seen, read, attn_mask=layout.mask(segment, query.device)))
        else:
            parts.append(attend(asking, seen, read, is_causal=True))
    return torch.cat(parts, 2).transpose(1, 2), None


def takes_varlen(query: torch.Tensor, value: torch.Tensor) -> bool:
    """Whether the variable-length kernel serves these tensors: half precision on a GPU."""
    half = query.dtype in (torch.bfloat16, torch.float16)
    return query.is_cuda and half and query.shape[-1] >= value.shape[-1]


def _varlen(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    layout: "SegmentLayout",
    offset: int,
    scaling: float | None,
) -> torch.Tensor:
    """One flash call over all segments, causal from the bottom right; returns [1, T, H, D]."""
    from torch.nn.attention.varlen import varlen_attn

    places, queries, keys, longest_query, longest_key = layout.varlen(offset, query.device)
    size = value.shape[-1]
    value = torch.nn.functional.pad(value, (0, query.shape[-1] - size))  # MLA's values are narrower
    asked, keyed, valued = (tensor[0].transpose(0, 1) for tensor in (query, key, value))  # [T, H, D]
    keyed, valued = keyed.index_select(0, places), valued.index_select(0, places)
    grouped: dict[str, Any] = {}
    if (heads := query.shape[1] // key.shape[1]) > 1:
        if _takes_groups():
            grouped = {"enable_gqa": True}
        else:
            keyed, valued = keyed.repeat_interleave(heads, 1), valued.repeat_interleave(heads, 1)
    out = varlen_attn(
        asked.contiguous(), keyed, valued, queries, keys, longest_query, longest_key,
        scale=scaling, window_size=(-1, 0), **grouped,
    )  # fmt: skip
    return out[None, ..., :size]  # type: ignore[call-overload]


@cache
def _takes_groups() -> bool:
    """Whether `varlen_attn` lets several query heads share a key head (torch 2.12 and newer)."""
    from torch.nn.attention.varlen import varlen_attn

    return "enable_gqa" in inspect.signature(varlen_attn).parameters
