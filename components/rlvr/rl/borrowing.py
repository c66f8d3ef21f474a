"""Ranks that must make the same forward passes, and pictures that only some of them have.

Under ZeRO the vision tower's weights or gradients travel whenever it runs, so it has to run on all ranks or on none. A
rank whose micro-batch has no picture (or video) where another rank's has one, borrows that rank's shortest such prompt
for the forward pass; the borrowed log-probs are cut off again, so their gradient is zero.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch

from rlvr.rl.encoding import EncodedPrompt
from rlvr.rl.families import MODALITIES
from rlvr.rl.world import World


class Lending:
    """A policy's forward pass with borrowed prompts at its end, which all ranks call together."""

    def __init__(self, policy: torch.nn.Module, world: World) -> None:
        """From now on every forward pass of `policy` uses the same modalities on all ranks."""
        self.forward, self.world = policy.forward, world
        self.paused = False
        """Set while ranks make forward passes of their own."""
        policy.forward = self

    def __call__(
        self,
        prompts: Sequence[EncodedPrompt],
        responses: Sequence[Sequence[torch.Tensor]],
        *arguments: Any,
        features: Any = None,
        prompts_too: bool = False,
        **options: Any,
    ) -> Any:
        """What the policy's own forward pass returns for `prompts` and `responses`."""
        borrowed = [] if self.paused or features is not None else self.borrow(prompts)
        outputs = self.forward(
            [*prompts, *borrowed],
            [*responses, *([prompt.ids[-1:]] for prompt in borrowed)],
            *arguments,
            features=features,
            prompts_too=prompts_too,
            **options,
        )
        if not borrowed:
            return outputs
        if not prompts_too:
            return outputs[: -len(borrowed)]
        own = sum(int(prompt.token_types[1:].eq(0).sum()) for prompt in borrowed)
        return outputs[0][: -len(borrowed)], outputs[1][: len(outputs[1]) - own]

    def borrow(self, prompts: Sequence[EncodedPrompt]) -> list[EncodedPrompt]:
        """One prompt for each modality that another rank has and this one lacks."""
        mine = {name: _shortest(prompts, next(iter(keys))) for name, keys in MODALITIES.items()}
        everyones = self.world.gather([[name for name in MODALITIES if mine[name]]])
        if all(names == everyones[0] for names in everyones):
            return []
        offers = self.world.gather([mine])
        found = {name: next((offer[name] for offer in offers if offer[name]), None) for name in MODALITIES}
        return [prompt for name, prompt in found.items() if prompt and not mine[name]]


def _shortest(prompts: Sequence[EncodedPrompt], key: str) -> EncodedPrompt | None:
    """The prompt with the fewest tokens of those whose media have `key`, without what the model does not read."""
    having = [prompt for prompt in prompts if key in prompt.media]
    shortest = min(having, key=lambda prompt: len(prompt.ids), default=None)
    return shortest and replace(shortest, text="", images=(), videos=())
