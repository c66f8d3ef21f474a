"""What a training loop asks of whatever applies its gradients, and the plain answer: torch's AdamW on every rank.

A loop computes its loss as a sum over the rows of all ranks, weights included, so that the number of processes changes
nothing: each rank calls `backward` on its own part and the gradient that `step` applies is the sum over the ranks.
"""

import math
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

import torch

from rlvr.rl import lora as adapters
from rlvr.rl.optimiser import NamedAdamW, learning_rate
from rlvr.rl.policy import Policy
from rlvr.rl.trainable import checkpoint_layers, generating, train_weights, trained
from rlvr.rl.world import World, world
from rlvr.training import Lora, Optimiser, Scale


class Engine(Protocol):
    """Gradients, updates and checkpoints of one policy. Except `learning_rate`, all ranks make every call together."""

    policy: Policy
    """The policy, trained in place: call it for log-probs with gradients."""
    world: World
    """This process among those of the stage."""
    lockstep: bool
    """Whether every rank must make the same number of forward and backward passes a step (DeepSpeed's collectives)."""

    def backward(self, loss: torch.Tensor) -> None:
        """Add the gradient of this rank's part of the loss, a scalar."""

    def step(self, number: int, largest: float = math.inf) -> float:
        """Update number 0 .. updates - 1 with the accumulated gradients; returns their global norm before clipping.

        Gradients whose norm is not finite or above `largest` are dropped without an update. (DeepSpeed makes the
        update: it knows the norm no sooner.)
        """

    def discard(self) -> None:
        """Drop the accumulated gradients."""

    def gathered(self) -> AbstractContextManager[None]:
        """Within: the model holds its full weights and can generate; ranks need not do the same; no gradients."""

    def state_dict(self) -> dict[str, torch.Tensor]:
        """The full weights under the model's own names, adapters merged, on the CPU of every rank.

        They may share memory with the policy, so they hold until the next update.
        """

    def save(self, folder: Path) -> None:
        """Write the trained weights and the optimiser's state to a folder that all ranks see."""

    def load(self, folder: Path) -> None:
        """The inverse of `save`, for the same model, settings and number of ranks."""

    def reset(self) -> None:
        """Forget the optimiser's state (online policy mirror descent starts each iteration afresh)."""

    def learning_rate(self, number: int) -> float:
        """The learning rate of update `number`."""


class Plain:
    """All weights and optimiser state on every rank; gradients are summed over the ranks once an update.

    Weights of lower precision than float32 are trained as float32 copies, for an update of 1e-6 of a weight would be
    lost in bfloat16; gradients are added up in float32 too. A parameter that got no gradient on any rank stays as it
    is, as in one process.
    """

    lockstep = False

    def __init__(self, policy: Policy, settings: Optimiser, updates: int) -> None:
        self.policy, self.world, self.settings, self.updates = policy, world(), settings, updates
        self.weights = trained(policy.model)
        self.masters = {name: _master(weight) for name, weight in self.weights.items()}
        self.optimiser = NamedAdamW(self.masters, settings)

    def backward(self, loss: torch.Tensor) -> None:
        """Add the gradient of this rank's part of the loss."""
        loss.backward()  # type: ignore[no-untyped-call]

    def step(self, number: int, largest: float = math.inf) -> float:
        """Sum the gradients over the ranks, clip them and apply AdamW; returns their norm before clipping."""
        if self.world.size > 1:
            self._sum_gradients(list(self.masters.values()))
        norm = self.optimiser.step(self.learning_rate(number), largest)
        self._lower()
        return norm

    def discard(self) -> None:
        """Drop the accumulated gradients."""
        self.optimiser.discard()

    def _sum_gradients(self, parameters: list[torch.Tensor]) -> None:
        held = torch.tensor([float(parameter.grad is not None) for parameter in parameters])
        self.world.sum(held)
        for parameter, ranks in zip(parameters, held.tolist(), strict=True):
            if ranks:
                if parameter.grad is None:
                    parameter.grad = torch.zeros_like(parameter)
                self.world.sum(parameter.grad)

    def _lower(self) -> None:
        """Give the model the new weights where it holds them in lower precision."""
        with torch.no_grad():
            for name, weight in self.weights.items():
                if weight is not self.masters[name]:
                    weight.copy_(self.masters[name])

    def gathered(self) -> AbstractContextManager[None]:
        """The weights are always here; layers keep a cache within."""
        return generating(self.policy.model)

    def state_dict(self) -> dict[str, torch.Tensor]:
        """The full weights under the model's own names, adapters merged, on the CPU."""
        return adapters.merged(self.policy.model, on_cpu(self.policy.model))

    def save(self, folder: Path) -> None:
        """Write `policy.safetensors` (trained weights), `optimiser.safetensors` and `optimiser.json`."""
        from safetensors.torch import save_file

        if self.world.main:
            weights = {name: weight.detach().contiguous() for name, weight in self.masters.items()}
            save_file(weights, folder / "policy.safetensors")
            self.optimiser.save(folder)
        self.world.barrier()

    def load(self, folder: Path) -> None:
        """The inverse of `save`."""
        from safetensors.torch import load_file

        saved = load_file(folder / "policy.safetensors")
        with torch.no_grad():
            for name, weight in self.masters.items():
                weight.copy_(saved[name])
        self._lower()
        self.optimiser.load(folder)

    def reset(self) -> None:
        """Forget the optimiser's state."""
        self.optimiser.reset()

    def learning_rate(self, number: int) -> float:
        """The learning rate of update `number`."""
        return learning_rate(self.settings, number, self.updates)


def make_engine(
    policy: Policy,
    settings: Optimiser,
    updates: int,
    scale: Scale,
    *,
    freeze_vision: bool = False,
    lora: Lora | None = None,
) -> Engine:
    """The engine of a stage with `updates` updates: plain, or DeepSpeed where `scale` asks for ZeRO."""
    if lora:
        adapters.add_adapters(policy.model, lora)
    else:
        train_weights(policy.model, freeze_vision=freeze_vision)
    if scale.gradient_checkpointing:
        checkpoint_layers(policy.model)
    if not scale.zero_stage:
        return Plain(policy, settings, updates)
    from rlvr.rl.deepspeed_engine import DeepSpeed

    return DeepSpeed(policy, settings, updates, scale)


def write_model(engine: Engine, processor: Any, folder: Path) -> None:
    """Write a checkpoint in the transformers format: safetensors, configuration and processor, by the main rank."""
    weights = engine.state_dict()
    if engine.world.main:
        engine.policy.model.save_pretrained(folder, state_dict=weights)
        processor.save_pretrained(folder)
    engine.world.barrier()


def on_cpu(model: Any) -> dict[str, torch.Tensor]:
    """The state of a model on the CPU; tied weights stay one tensor."""
    held: dict[int, torch.Tensor] = {}
    return {
        name: held.setdefault(id(weight), weight.detach().cpu())
        for name, weight in model.state_dict(keep_vars=True).items()
    }


def _master(weight: torch.Tensor) -> torch.Tensor:
    """The parameter itself, or a float32 copy that collects its gradients."""
    if weight.dtype == torch.float32:
        return weight
    master = torch.nn.Parameter(weight.detach().float())

    def collect(parameter: torch.Tensor) -> None:
        assert parameter.grad is not None
        gradient, parameter.grad = parameter.grad.float(), None
        master.grad = gradient if master.grad is None else master.grad.add_(gradient)

    weight.register_post_accumulate_grad_hook(collect)  # type: ignore[no-untyped-call]
    return master
