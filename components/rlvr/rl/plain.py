"""Plain sequences, for models that cannot be packed: every response with its own copy of prompt and pictures.

Slower by about the group size, and equal: nothing but the model's own forward pass and cache is used.
"""

from collections.abc import Sequence
from typing import Any

import torch

from rlvr.rl.encoding import EncodedPrompt
from rlvr.rl.families import for_model


def inputs(model: Any, prompt: EncodedPrompt, response: torch.Tensor) -> dict[str, Any]:
    """The model's arguments for one prompt and response, as a batch of one."""
    ids = torch.cat([prompt.ids, response])[None]
    given = {"input_ids": ids, "attention_mask": torch.ones_like(ids), **prompt.media}
    if hasattr(core(model), "get_rope_index"):
        given["mm_token_type_ids"] = torch.cat([prompt.token_types, torch.zeros_like(response)])[None]
    return {key: for_model(model, key, value) for key, value in given.items()}


def core(model: Any) -> Any:
    """The model below the head; models with their own code may have none."""
    return getattr(model, "model", model)


def sequence_logprobs(
    model: Any,
    prompts: Sequence[EncodedPrompt],
    responses: Sequence[Sequence[torch.Tensor]],
    temperature: float,
    prompts_too: bool = False,
) -> Any:
    """What `Policy.forward` returns, one sequence at a time."""
    scored, own = [], []
    for prompt, group in zip(prompts, responses, strict=True):
        for number, response in enumerate(group):
            _forget_positions(model)
            logits = model(**inputs(model, prompt, response), use_cache=False).logits[0]
            scored.append(_score(logits[len(prompt.ids) - 1 : -1], response, temperature))
            if prompts_too and not number:
                text = prompt.token_types[1:].eq(0).nonzero()[:, 0]
                own.append(_score(logits[text.to(logits.device)], prompt.ids[1:][text], temperature))
    return (torch.cat(scored), torch.cat(own)) if prompts_too else torch.cat(scored)


class PlainDecoding:
    """Generation state with the model's own cache; the same interface as `rlvr.rl.decoding.Decoding`."""

    def __init__(self, model: Any, prompts: Sequence[EncodedPrompt], starts: Sequence[Sequence[torch.Tensor]]) -> None:
        from transformers import DynamicCache

        self.model = model
        self.rows = []
        parts = []
        for prompt, group in zip(prompts, starts, strict=True):
            for start in group:
                _forget_positions(model)
                cache = DynamicCache(config=model.config.get_text_config())
                given = inputs(model, prompt, start)
                out = model(**given, past_key_values=cache, use_cache=True)
                delta = getattr(core(model), "rope_deltas", None)
                self.rows.append((cache, None if delta is None else delta.clone()))
                parts.append(out.logits[:, -1])
        self.logits = torch.cat(parts)
        """Logits of the next token, [rows, V]."""

    def keep(self, rows: torch.Tensor) -> None:
        """Go on with these rows only."""
        self.rows = [self.rows[row] for row in rows.tolist()]

    def advance(self, tokens: torch.Tensor) -> None:
        """Feed one token a row, [rows]; `logits` are then those of the next."""
        parts = []
        for token, (cache, delta) in zip(tokens, self.rows, strict=True):
            if hasattr(core(self.model), "rope_deltas"):
                core(self.model).rope_deltas = delta
            parts.append(self.model(input_ids=token.view(1, 1), past_key_values=cache, use_cache=True).logits[:, -1])
        self.logits = torch.cat(parts)


def _score(logits: torch.Tensor, targets: torch.Tensor, temperature: float) -> torch.Tensor:
    scaled = logits.float() / temperature
    return scaled.log_softmax(-1).gather(1, targets.to(logits.device)[:, None])[:, 0]


def _forget_positions(model: Any) -> None:
    """Drop what the model remembers of the last prompt's rotary positions."""
    if hasattr(core(model), "rope_deltas"):
        core(model).rope_deltas = None
