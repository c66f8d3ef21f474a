"""The reference of the KL term: the start model, one that follows the policy, or the policy that sampled."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from rlvr.rl.encoding import EncodedPrompt
from rlvr.rl.engine import Engine
from rlvr.rl.lora import adapters_off
from rlvr.rl.policy import Features, Policy
from rlvr.training import Lora, Loss


class Reference:
    """Log-probs that the policy is kept close to.

    A frozen reference of a stage that trains adapters is the policy without them, so it takes no memory; otherwise each
    rank holds the reference's weights in full.
    """

    def __init__(self, settings: Loss, engine: Engine, lora: Lora | None, load: Callable[[], Any]) -> None:
        """`load` gives the start model."""
        self.settings, self.engine = settings, engine
        self.wanted = settings.kl_weight > 0 and settings.reference != "current"
        self.adapted = self.wanted and lora is not None and settings.reference == "frozen"
        held = self.wanted and not self.adapted
        self.policy = Policy(load()).requires_grad_(False) if held else None

    @torch.no_grad()
    def __call__(
        self,
        prompts: Sequence[EncodedPrompt],
        responses: Sequence[Sequence[torch.Tensor]],
        temperature: float,
        old: torch.Tensor,
        features: Features | None,
    ) -> torch.Tensor | None:
        """Reference log-probs, [N]; None without a KL term. `old` [N] are the sampled ones."""
        if not self.settings.kl_weight:
            return None
        if self.settings.reference == "current":
            return old
        if self.policy is not None:
            return self.policy(prompts, responses, temperature, features=features)  # type: ignore[no-any-return]
        with adapters_off(self.engine.policy.model):
            return self.engine.policy(prompts, responses, temperature, features=features)  # type: ignore[no-any-return]

    def follow(self, step: int) -> None:
        """After step 0, 1, ...: mix a synchronised reference towards the policy where its turn has come."""
        settings = self.settings
        if self.policy is None or settings.reference != "synchronised" or (step + 1) % settings.reference_sync_steps:
            return
        weights = self.engine.state_dict()
        with torch.no_grad():
            for name, old in self.policy.model.named_parameters():  # tied weights once
                new = weights[name].to(old.device, old.dtype)
                old.mul_(1 - settings.reference_mixup).add_(new, alpha=settings.reference_mixup)

    def save(self, folder: Path) -> None:
        """Write `reference.safetensors` where the reference changes."""
        from safetensors.torch import save_model

        if self.policy is not None and self.settings.reference == "synchronised" and self.engine.world.main:
            save_model(self.policy.model, str(folder / "reference.safetensors"))

    def load(self, folder: Path) -> None:
        """The inverse of `save`."""
        from safetensors.torch import load_model

        if self.policy is not None and (folder / "reference.safetensors").is_file():
            load_model(self.policy.model, folder / "reference.safetensors")
