"""The policy: everything between encoded prompts with responses and the responses' log-probs, in one module."""

from collections.abc import Sequence
from typing import Any

import torch

from rlvr.rl.attention import NAME, register
from rlvr.rl.encoding import EncodedPrompt
from rlvr.rl.layout import SegmentLayout
from rlvr.rl.logprobs import token_logprobs


class Policy(torch.nn.Module):
    """A vision-language model whose forward pass scores groups of responses that share their prompt."""

    def __init__(self, model: Any) -> None:
        """`model`: one of transformers' image-text-to-text models of the Qwen-VL families."""
        super().__init__()
        register()
        self.model = model

    def forward(
        self,
        prompts: Sequence[EncodedPrompt],
        responses: Sequence[Sequence[torch.Tensor]],
        temperature: float = 1.0,
    ) -> torch.Tensor:
        """Log-probs, [N] float32, of every response token, in the order of prompts and responses.

        prompts: B encoded prompts; responses: for each of them its token ids, [R_i] tensors.
        """
        device = next(self.model.parameters()).device
        layout = SegmentLayout(
            [len(prompt.ids) for prompt in prompts], [[len(ids) for ids in group] for group in responses]
        )
        stream = torch.cat(
            [ids for prompt, group in zip(prompts, responses, strict=True) for ids in (prompt.ids, *group)]
        )
        targets = torch.cat([ids for group in responses for ids in group])
        media = {
            key: torch.cat([prompt.media[key] for prompt in prompts if key in prompt.media]).to(device)
            for key in sorted({key for prompt in prompts for key in prompt.media})
        }
        positions = layout.positions([self.rope_positions(prompt) for prompt in prompts])
        self.model.set_attn_implementation({"text_config": NAME})
        try:
            hidden = self.model.model(
                input_ids=stream[None].to(device),
                position_ids=positions[:, None].to(device),
                use_cache=False,
                layout=layout,
                **media,
            ).last_hidden_state[0]
        finally:
            self.model.set_attn_implementation({"text_config": "sdpa"})
        predictors = layout.predictors.to(device)
        return token_logprobs(hidden[predictors], self.model.lm_head.weight, targets.to(device), temperature)

    def rope_positions(self, prompt: EncodedPrompt) -> torch.Tensor:
        """The model's own three-axis rotary positions of one prompt, [3, P]."""
        if "image_grid_thw" not in prompt.media:
            return torch.arange(len(prompt.ids))[None].expand(3, -1)
        positions, _ = self.model.model.get_rope_index(
            prompt.ids[None],
            mm_token_type_ids=prompt.token_types[None],
            image_grid_thw=prompt.media["image_grid_thw"],
        )
        return positions[:, 0]  # type: ignore[no-any-return]
