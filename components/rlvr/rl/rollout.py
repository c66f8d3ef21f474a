"""Rollout: draw G completions a prompt. Each prompt and its pictures are prefilled once; the cache is then expanded.

Randomness is one uniform number a (seed, step, row, sample, token), so a completion does not depend on which others
share its batch. Sampled log-probs are kept, so training needs no pass for old log-probs.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from rlvr.rl.encoding import EncodedPrompt
from rlvr.training import Sampling


@dataclass(frozen=True, kw_only=True, slots=True)
class Completion:
    """One sampled response."""

    ids: torch.Tensor
    """Token ids, [R], end token included."""
    logprobs: torch.Tensor
    """Log-prob of each token at the sampling temperature, before top-p and top-k, [R] float32."""
    truncated: bool
    """Whether it was cut at `max_new_tokens` without an end token."""


def uniforms(key: str, count: int) -> torch.Tensor:
    """`count` numbers in [0, 1), [count] float64, that depend on `key` alone."""
    seed = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") >> 1
    return torch.rand(count, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def choose(logprobs: torch.Tensor, sampling: Sampling, uniform: torch.Tensor) -> torch.Tensor:
    """Token ids, [N], drawn from logprobs [N, V] by inverse distribution function at `uniform` [N].

    Temperature is already in the log-probs; top-k and top-p act here; temperature 0 takes the most probable token.
    """
    if sampling.temperature == 0:
        return logprobs.argmax(-1)
    probabilities = logprobs.double().exp()
    if sampling.top_k:
        kept = probabilities.topk(min(sampling.top_k, probabilities.shape[-1]), -1)
        probabilities = torch.zeros_like(probabilities).scatter_(-1, kept.indices, kept.values)
    if sampling.top_p < 1:
        ordered, order = probabilities.sort(-1, descending=True)
        before = ordered.cumsum(-1) - ordered
        ordered = ordered.masked_fill(before >= sampling.top_p * ordered.sum(-1, keepdim=True), 0)
        probabilities = torch.zeros_like(probabilities).scatter_(-1, order, ordered)
    cumulative = probabilities.cumsum(-1)
    target = uniform[:, None] * cumulative[:, -1:]
    return torch.searchsorted(cumulative, target, right=True)[:, 0].clamp_(max=probabilities.shape[-1] - 1)


class Rollout:
    """Generation with transformers' own model and cache."""

    def __init__(self, model: Any, tokenizer: Any) -> None:
        """`model`: a Qwen-VL model; `tokenizer`: gives the end, padding and vision ids."""
        self.model, self.pad = model, tokenizer.pad_token_id
        ends = model.generation_config.eos_token_id
        self.ends = torch.tensor(ends if isinstance(ends, list) else [ends])
        vision = ("image_token_id", "video_token_id", "vision_start_token_id", "vision_end_token_id")
        # a sampled picture placeholder would break the next forward pass
        self.suppressed = [
            getattr(model.config, name) for name in vision if getattr(model.config, name, None) is not None
        ]

    @torch.no_grad()
    def generate(
        self, prompts: Sequence[EncodedPrompt], group_size: int, sampling: Sampling, *, seed: int = 0, step: int = 0
    ) -> list[list[Completion]]:
        """`group_size` completions for each prompt, in order."""
        device = next(self.model.parameters()).device
        noise = torch.stack(
            [
                uniforms(f"{seed}/{step}/{prompt.row_id}/{sample}", sampling.max_new_tokens)
                for prompt in prompts
                for sample in range(group_size)
            ]
        ).to(device)
        cache, logits, mask, position = self._prefill(prompts, group_size, device)
        count, longest = len(prompts) * group_size, sampling.max_new_tokens
        ids = torch.full((count, longest), self.pad, device=device)
        kept = torch.zeros(count, longest, device=device)
        length = torch.zeros(count, dtype=torch.long, device=device)
        ended = torch.zeros(count, dtype=torch.bool, device=device)
        rows = torch.arange(count, device=device)  # which completion each row of the cache belongs to
        ends = self.ends.to(device)
        for index in range(longest):
            logprobs = (logits.float() / (sampling.temperature or 1.0)).log_softmax(-1)
            allowed = logprobs.clone()
            allowed[:, self.suppressed] = -torch.inf
            token = choose(allowed, sampling, noise[rows, index])
            live = ~ended[rows]
            ids[rows[live], index] = token[live]
            kept[rows[live], index] = logprobs.gather(1, token[:, None])[live, 0]
            length[rows[live]] = index + 1
            ended[rows] |= torch.isin(token, ends)
            live = ~ended[rows]
            if index + 1 == longest or not live.any():
                break
            if live.float().mean() < 0.5:  # finished rows leave the batch
                keep = live.nonzero()[:, 0]
                cache.batch_select_indices(keep)
                rows, position, token = rows[keep], position[keep], token[keep]
                mask = mask[keep] if mask is not None else None
            if mask is not None:
                mask = torch.cat([mask, mask.new_ones(len(mask), 1)], 1)
            logits = self._forward(token[:, None], position[None, :, None].expand(3, -1, 1), mask, cache)
            position = position + 1
        completions = [
            Completion(ids=row[:n].cpu(), logprobs=logprob[:n].cpu(), truncated=not bool(end))
            for row, logprob, n, end in zip(ids, kept, length.tolist(), ended, strict=True)
        ]
        return [completions[start : start + group_size] for start in range(0, count, group_size)]

    def _prefill(self, prompts: Sequence[EncodedPrompt], group_size: int, device: torch.device) -> Any:
        """One forward pass over the left-padded prompts; the cache, last logits and mask expanded to the groups."""
        from transformers import DynamicCache

        longest = max(len(prompt.ids) for prompt in prompts)
        ids = torch.full((len(prompts), longest), self.pad)
        mask, types = torch.zeros_like(ids), torch.zeros_like(ids)
        for row, prompt in enumerate(prompts):
            ids[row, longest - len(prompt.ids) :] = prompt.ids
            mask[row, longest - len(prompt.ids) :] = 1
            types[row, longest - len(prompt.ids) :] = prompt.token_types
        media = {
            key: torch.cat([prompt.media[key] for prompt in prompts if key in prompt.media]).to(device)
            for key in sorted({key for prompt in prompts for key in prompt.media})
        }
        cache = DynamicCache(config=self.model.config.get_text_config())
        self.model.model.rope_deltas = None
        out = self.model(
            input_ids=ids.to(device),
            attention_mask=mask.to(device),
            mm_token_type_ids=types.to(device),
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
            **media,
        )
        offset = self.model.model.rope_deltas
        position = mask.sum(1).to(device) + (offset[:, 0] if offset is not None else 0)
        self.model.model.rope_deltas = None
        cache.batch_repeat_interleave(group_size)
        padded = bool((mask == 0).any())
        repeated = mask.to(device).repeat_interleave(group_size, 0) if padded else None
        return (
            cache,
            out.logits[:, -1].repeat_interleave(group_size, 0),
            repeated,
            position.repeat_interleave(group_size),
        )

    def _forward(
        self, token: torch.Tensor, position: torch.Tensor, mask: torch.Tensor | None, cache: Any
    ) -> torch.Tensor:
        """Logits, [N, V], after one more token a row: token [N, 1], position [3, N, 1]."""
        language = self.model.model.language_model
        hidden = language(
            inputs_embeds=self.model.get_input_embeddings()(token),
            position_ids=position,
            attention_mask=mask if mask is not None else {"full_attention": None},
            past_key_values=cache,
            use_cache=True,
        ).last_hidden_state
        logits: torch.Tensor = self.model.lm_head(hidden[:, -1])
        return logits
