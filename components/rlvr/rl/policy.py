"""The policy: everything between encoded prompts with responses and the responses' log-probs, in one module."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from rlvr.rl.attention import Kept
from rlvr.rl.encoding import EncodedPrompt
from rlvr.rl.families import (
    for_language_model,
    joined,
    packed,
    rope_positions,
    vision_features,
    vision_tower,
    why_not_packable,
)
from rlvr.rl.layout import SegmentLayout
from rlvr.rl.logprobs import token_logprobs
from rlvr.rl.patches import embed_patches_by_product


@dataclass(frozen=True, kw_only=True, slots=True)
class Prefix:
    """Prompts that the policy has read: what its responses need of them, with the graph of gradients or without."""

    row_ids: tuple[str, ...]
    """Rows of the prompts, in order."""
    hidden: torch.Tensor
    """Last hidden states of the prompts, end to end, [sum P, H]."""
    kept: Kept
    """Keys and values by layer."""


Features = Mapping[str, dict[str, Any]]
"""Vision features by row id, for prompts whose pictures have been encoded already."""


class Policy(torch.nn.Module):
    """A vision-language model whose forward pass scores groups of responses that share their prompt."""

    def __init__(self, model: Any) -> None:
        """`model`: one of transformers' image-text-to-text models; see `rlvr.rl.families` for those that are packed."""
        super().__init__()
        self.model = model
        self.obstacle = why_not_packable(model)
        """Why the model falls back to plain sequences; None when it is packed."""
        if self.obstacle is None:
            embed_patches_by_product(vision_tower(model))
        self.layout: SegmentLayout | None = None
        """The stream of the last forward pass."""

    def forward(
        self,
        prompts: Sequence[EncodedPrompt],
        responses: Sequence[Sequence[torch.Tensor]],
        temperature: float = 1.0,
        *,
        features: Features | None = None,
        prefix: Prefix | None = None,
        prompts_too: bool = False,
    ) -> Any:
        """Log-probs, [N] float32, of every response token, in the order of prompts and responses.

        prompts: B encoded prompts; responses: for each of them its token ids, [R_i] tensors; features: what `look`
        returned, for a frozen vision tower; prefix: what `read` returned for the same prompts with the same weights,
        so that only the responses are fed. With `prompts_too` a pair: those, and the log-probs of the prompts' own
        text tokens, [M] (each prompt's first token and its pictures are not predicted).
        """
        if self.obstacle is not None:
            from rlvr.rl.plain import sequence_logprobs

            return sequence_logprobs(self.model, prompts, responses, temperature, prompts_too)
        layout = SegmentLayout([prompt.ids for prompt in prompts], [[ids[:-1] for ids in group] for group in responses])
        self.layout = layout
        hidden = self.hidden(layout, prompts, features, prefix)
        places, targets = layout.predictors, torch.cat([ids for group in responses for ids in group])
        if prompts_too:
            learnt = [prompt.token_types[1:].eq(0).nonzero()[:, 0] for prompt in prompts]
            roots = zip(layout.roots, learnt, strict=True)
            places = torch.cat([places, *(root.start + tokens for root, tokens in roots)])
            own = [prompt.ids[1:][tokens] for prompt, tokens in zip(prompts, learnt, strict=True)]
            targets, scored = torch.cat([targets, *own]), len(targets)
        device = hidden.device
        chosen = hidden.index_select(0, places.to(device))  # hidden[places] adds up gradients in any order
        logprobs = token_logprobs(chosen, self.model.lm_head.weight, targets.to(device), temperature)
        return (logprobs[:scored], logprobs[scored:]) if prompts_too else logprobs

    def hidden(
        self,
        layout: SegmentLayout,
        prompts: Sequence[EncodedPrompt],
        features: Features | None = None,
        prefix: Prefix | None = None,
        kept: Kept | None = None,
    ) -> torch.Tensor:
        """Last hidden states of the stream, [T, H]; `kept` collects every layer's keys and values."""
        device = next(self.model.parameters()).device
        offset = len(prefix.hidden) if prefix else 0
        if offset == layout.length and prefix:
            if kept is not None:
                kept.update(prefix.kept)
            return prefix.hidden
        positions = layout.positions([rope_positions(self.model, prompt) for prompt in prompts])
        if prefix:
            seen = None
        elif features is None:
            seen = vision_features(self.model, prompts)
        else:
            seen = joined([features[prompt.row_id] for prompt in prompts])
        with packed(self.model):
            outputs = self.model.model(
                input_ids=layout.ids[None, offset:].to(device),
                position_ids=for_language_model(positions[:, None, offset:].to(device)),
                use_cache=False,
                mm_encoder_outputs=seen,
                layout=layout,
                prefix=prefix.kept if prefix else None,
                kept=kept,
            )
        hidden: torch.Tensor = outputs.last_hidden_state[0]
        return torch.cat([prefix.hidden, hidden]) if prefix else hidden

    def read(self, prompts: Sequence[EncodedPrompt], features: Features | None = None) -> Prefix:
        """The prompts' forward pass, for a rollout and then, where gradients are on, for the update that follows it.

        The update is the same, for nothing changes the weights in between; its prompts need no pass of their own, and
        the activations stay in memory while completions are drawn.
        """
        kept: Kept = {}
        layout = SegmentLayout([prompt.ids for prompt in prompts], [[] for _ in prompts])
        hidden = self.hidden(layout, prompts, features, kept=kept)
        return Prefix(row_ids=tuple(prompt.row_id for prompt in prompts), hidden=hidden, kept=kept)

    @torch.no_grad()
    def look(self, prompts: Sequence[EncodedPrompt]) -> Features:
        """Vision features of each prompt by row id; they serve a whole step when the vision tower is frozen."""
        return {prompt.row_id: vision_features(self.model, [prompt]) for prompt in prompts}
