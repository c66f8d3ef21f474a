"""Rollout: draw G completions a prompt. Each prompt and its pictures are prefilled once.

Randomness is one uniform number a (seed, step, row, sample, token), so a completion does not depend on which others
share its batch. Sampled log-probs are kept, so training needs no pass for old log-probs.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch

from rlvr.errors import RlvrError
from rlvr.rl.cache_batches import cache_batches
from rlvr.rl.choice import choose, uniforms
from rlvr.rl.decoding import Decoding
from rlvr.rl.encoding import EncodedPrompt
from rlvr.rl.graph_decoding import GraphDecoding, can_be_captured
from rlvr.rl.policy import Features, Policy, Prefix
from rlvr.training import Sampling, Scale


@dataclass(frozen=True, kw_only=True, slots=True)
class Completion:
    """One sampled response."""

    ids: torch.Tensor
    """Token ids, [R], end token included."""
    logprobs: torch.Tensor
    """Log-prob of each token at the sampling temperature, before top-p, top-k and min-p, [R] float32."""
    truncated: bool
    """Whether it was cut at `max_new_tokens` without an end token."""


MARKERS = re.compile(r"vision|image|video|media|img", re.IGNORECASE)
"""What the special tokens around pictures and videos are called."""


def vision_ids(config: Any, tokenizer: Any) -> list[int]:
    """Ids of picture and video tokens, ascending: a sampled placeholder would break the next forward pass."""
    names = ("image_token_id", "video_token_id", "vision_start_token_id", "vision_end_token_id")
    ids = {int(value) for name in names if (value := getattr(config, name, None)) is not None}
    marked = [token for token in tokenizer.all_special_tokens if MARKERS.search(token)]
    return sorted(ids | set(tokenizer.convert_tokens_to_ids(marked)))


class RolloutEngine(Protocol):
    """What draws completions."""

    def generate(
        self,
        prompts: Sequence[EncodedPrompt],
        group_size: int,
        sampling: Sampling,
        *,
        seed: int = 0,
        step: int | str = 0,
        before: Sequence[int] | None = None,
        starts: Sequence[Sequence[torch.Tensor]] | None = None,
    ) -> list[list[Completion]]:
        """`group_size` completions for each prompt, in order; see `Rollout.generate`."""


class Rollout:
    """Generation with transformers' own model and our sampling loop."""

    def __init__(self, model: Any, tokenizer: Any, *, cache_tokens: int | None = None) -> None:
        """`model`: a vision-language model or its `Policy`; `tokenizer`: gives the end, padding and vision ids.

        `cache_tokens`: prompt and completion tokens generated at a time (default: that of `Scale`).
        """
        self.cache_tokens = cache_tokens or Scale().cache_tokens
        self.policy = model if isinstance(model, Policy) else Policy(model)
        self.model, self.tokenizer = self.policy.model, tokenizer
        ends = self.model.generation_config.eos_token_id
        ends = tokenizer.eos_token_id if ends is None else ends
        if ends is None:
            raise RlvrError("Neither the model's generation_config.json nor its tokenizer names an end token; add one.")
        self.ends = torch.tensor(ends if isinstance(ends, list) else [ends])
        self.suppressed = vision_ids(self.model.config, tokenizer)
        self.decoding: type[Decoding] = GraphDecoding if can_be_captured(self.model) else Decoding

    @torch.no_grad()
    def generate(
        self,
        prompts: Sequence[EncodedPrompt],
        group_size: int,
        sampling: Sampling,
        *,
        seed: int = 0,
        step: int | str = 0,
        before: Sequence[int] | None = None,
        starts: Sequence[Sequence[torch.Tensor]] | None = None,
        features: Features | None = None,
        prefix: Prefix | None = None,
    ) -> list[list[Completion]]:
        """`group_size` completions for each prompt, in order.

        `before` are the numbers at which each prompt's samples begin to count, for prompts that come several times.
        `starts` are tokens that each completion already begins with (its result then holds the new tokens alone);
        `features` what `Policy.look` and `prefix` what `Policy.read` returned. Prompts of similar length are generated
        together.
        """
        groups = starts or [[torch.zeros(0, dtype=torch.long)] * group_size for _ in prompts]
        packed = self.policy.obstacle is None
        batches = cache_batches(prompts, groups, sampling.max_new_tokens, self.cache_tokens, packed=packed)
        results: list[list[Completion]] = [[] for _ in prompts]
        for batch in batches:
            keys = [
                f"{seed}/{step}/{prompts[index].row_id}/{(before[index] if before else 0) + sample}"
                for index, samples in batch
                for sample in samples
            ]
            chosen = [prompts[index] for index, _ in batch]
            begun = [[groups[index][sample] for sample in samples] for index, samples in batch]
            state = self._decoding(chosen, begun, features, prefix if len(batches) == 1 else None)
            completions = iter(self._sample(state, keys, sampling))
            for index, samples in batch:
                results[index] += [next(completions) for _ in samples]
        return results

    def _sample(self, state: Any, keys: Sequence[str], sampling: Sampling) -> list[Completion]:
        """One completion a key, at most `max_new_tokens` long."""
        device, longest, count = state.logits.device, sampling.max_new_tokens, len(keys)
        noise = torch.stack([uniforms(key, longest) for key in keys], 1).to(device)
        ends = torch.cat([self.ends, self._stops(sampling)]).to(device)
        suppressed = torch.tensor(self.suppressed, dtype=torch.long, device=device)
        ids = torch.zeros(count, longest, dtype=torch.long, device=device)
        logprobs = torch.zeros(count, longest, device=device)
        rows = torch.arange(count, device=device)  # which completion each row of the state belongs to
        live = torch.ones(count, dtype=torch.bool, device=device)
        written = torch.zeros(count, dtype=torch.long, device=device)
        drawn: list[tuple[torch.Tensor, torch.Tensor]] = []

        def put_down(until: int) -> None:
            """Store what has been drawn since the rows last changed."""
            span = slice(until - len(drawn), until)
            ids[rows, span] = torch.stack([token for token, _ in drawn], 1)
            logprobs[rows, span] = torch.stack([logprob for _, logprob in drawn], 1)
            written[rows] = until
            drawn.clear()

        for index in range(longest):
            drawn.append(choose(state.logits, sampling, noise[index], suppressed))
            token = drawn[-1][0]
            live &= ~torch.isin(token, ends)
            remaining = int(live.sum())
            if index + 1 == longest or not remaining:
                put_down(index + 1)
                break
            if remaining <= 0.75 * len(rows):  # finished rows leave the batch
                put_down(index + 1)
                keep = live.nonzero()[:, 0]
                state.keep(keep)
                rows, token, noise, live = rows[keep], token[keep], noise[:, keep], live[keep]
            state.advance(token)
        place = torch.arange(longest, device=device)
        ended = torch.isin(ids, ends) & (place < written[:, None])
        length = torch.where(ended, place + 1, written[:, None]).amin(1)  # rows draw on until they leave
        return [
            Completion(ids=row[:n].clone().cpu(), logprobs=logprob[:n].clone().cpu(), truncated=not end)
            for row, logprob, n, end in zip(ids, logprobs, length.tolist(), ended.any(1).tolist(), strict=True)
        ]

    def _decoding(
        self,
        prompts: Sequence[EncodedPrompt],
        starts: Sequence[Sequence[torch.Tensor]],
        features: Features | None,
        prefix: Prefix | None,
    ) -> Any:
        if self.policy.obstacle is None:
            return self.decoding(self.policy, prompts, starts, features, prefix)
        from rlvr.rl.plain import PlainDecoding

        return PlainDecoding(self.model, prompts, starts)

    def _stops(self, sampling: Sampling) -> torch.Tensor:
        """Ids of the stop tokens."""
        ids = self.tokenizer.convert_tokens_to_ids(list(sampling.stop_tokens))
        for token, number in zip(sampling.stop_tokens, ids, strict=True):
            if number is None or number == self.tokenizer.unk_token_id:
                raise RlvrError(f"Stop token {token!r} is not in the model's vocabulary; name a single token of it.")
        return torch.tensor(ids, dtype=torch.long)
