"""Choosing the next token: temperature, top-k, top-p, min-p, and one uniform number a token."""

import hashlib

import torch

from rlvr.training import Sampling


def uniforms(key: str, count: int) -> torch.Tensor:
    """`count` numbers in [0, 1), [count] float64, that depend on `key` alone."""
    seed = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") >> 1
    return torch.rand(count, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def choose(
    logits: torch.Tensor, sampling: Sampling, uniform: torch.Tensor, suppressed: torch.Tensor | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Tokens, [N], and their log-probs, [N] float32, from logits [N, V] by inverse distribution function at `uniform`.

    The log-prob is the one that training computes: at the sampling temperature, over the whole vocabulary. Filters and
    `suppressed` ids [S] act on the choice alone. Temperature 0 takes the most probable token.
    """
    scaled = logits.float()
    if sampling.temperature not in (0, 1):
        scaled = scaled / sampling.temperature
    highest = scaled.amax(-1, keepdim=True)
    weights = (scaled - highest).exp_()
    total = weights.sum(-1, keepdim=True)
    if suppressed is not None:
        weights.index_fill_(-1, suppressed, 0)
    weights = filtered(weights, sampling)
    if sampling.temperature == 0:
        tokens = weights.argmax(-1, keepdim=True)
    else:
        cumulative = weights.cumsum(-1, dtype=torch.float64)
        tokens = torch.searchsorted(cumulative, uniform[:, None] * cumulative[:, -1:], right=True)
        tokens.clamp_(max=logits.shape[-1] - 1)
    logprobs = scaled.gather(1, tokens) - highest - total.log()
    return tokens[:, 0], logprobs[:, 0]


def filtered(weights: torch.Tensor, sampling: Sampling) -> torch.Tensor:
    """Unnormalised probabilities [N, V] with those that may not be drawn at 0: min-p, top-k, top-p in turn."""
    if sampling.min_p:
        weights = weights.masked_fill(weights < sampling.min_p * weights.amax(-1, keepdim=True), 0)
    if sampling.top_k and sampling.top_k < weights.shape[-1]:
        best = weights.topk(sampling.top_k, -1)
        weights = torch.zeros_like(weights).scatter_(-1, best.indices, best.values)
    if sampling.top_p < 1:
        ordered, order = weights.sort(dim=-1, descending=True, stable=True)
        before = ordered.cumsum(-1, dtype=torch.float64) - ordered
        ordered = ordered.masked_fill(before >= sampling.top_p * ordered.sum(-1, keepdim=True), 0)
        weights = torch.zeros_like(weights).scatter_(-1, order, ordered)
    return weights
