"""DeepSpeed ZeRO as an engine: optimiser state (1), gradients (2) and weights (3) are split over the ranks.

Rajbhandari et al. 2020 (arXiv 1910.02054). Arithmetic is that of the plain engine up to the order of sums; weights of
lower precision than float32 have float32 copies here too. Three things differ from it:

- Every rank must make the same forward and backward passes, for each of them communicates; see `rlvr.rl.balance`. A
  rank whose micro-batch lacks pictures that another rank's has, borrows one prompt for its vision tower to run on.
- A parameter without a gradient on any rank counts as having a gradient of zero.
- Models without gradients (references, frozen policies) are not split: each rank holds all of theirs.
"""

import contextlib
import math
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import distributed

from rlvr.errors import RlvrError
from rlvr.rl import lora as adapters
from rlvr.rl.borrowing import Lending
from rlvr.rl.engine import on_cpu
from rlvr.rl.optimiser import adamw, learning_rate
from rlvr.rl.policy import Policy
from rlvr.rl.trainable import generating, trained
from rlvr.rl.world import world
from rlvr.training import Optimiser, Scale


class DeepSpeed:
    """One policy under ZeRO 1, 2 or 3 with torch's AdamW."""

    lockstep = True

    def __init__(self, policy: Policy, settings: Optimiser, updates: int, scale: Scale) -> None:
        if policy.obstacle is not None and scale.zero_stage == 3 and scale.processes > 1:
            raise RlvrError(
                f"This model cannot be packed ({policy.obstacle}), so ranks would make different numbers of forward "
                f"passes, which ZeRO 3 cannot do. Set scale.zero_stage to 2."
            )
        self.world, self.settings, self.updates, self.stage = world(), settings, updates, scale.zero_stage
        self.names = list(trained(policy.model))
        deepspeed = _deepspeed()
        if self.stage == 3:  # the log-probs read its weight without calling it
            deepspeed.zero.register_external_parameter(policy, policy.model.lm_head.weight)
        self.lending = Lending(policy, self.world)
        weights = list(trained(policy.model).values())
        with contextlib.redirect_stdout(sys.stderr):
            self.engine, self.zero, _, _ = deepspeed.initialize(
                model=policy,
                model_parameters=weights,
                optimizer=adamw(weights, settings),
                config=configuration(settings, scale, weights[0].dtype),
            )
        self.policy = self.engine
        self.flats: list[torch.Tensor] = (
            self.zero.fp32_partitioned_groups_flat if self.stage == 3 else self.zero.single_partition_of_fp32_groups
        )

    def backward(self, loss: torch.Tensor) -> None:
        """Add the gradient of this rank's part of the loss; DeepSpeed averages over ranks, so it is scaled up."""
        self.engine.backward(loss * self.world.size, scale_wrt_gas=False)

    def step(self, number: int, largest: float = math.inf) -> float:
        """Reduce what is not yet reduced, clip and apply AdamW; returns the norm before clipping."""
        for group in self.zero.param_groups:
            group["lr"] = self.learning_rate(number)
        self.engine.step()
        self._clear_gradients()
        return float(self.engine.get_global_grad_norm())

    def discard(self) -> None:
        """Drop the accumulated gradients; the stage ends, for no later step could do without them."""
        self._clear_gradients()

    @contextmanager
    def gathered(self) -> Iterator[None]:
        """Within: ranks make forward passes of their own; under ZeRO 3 each holds all weights meanwhile."""
        self.lending.paused = True
        try:
            with torch.no_grad(), generating(self.policy.model), self._whole():
                yield
        finally:
            self.lending.paused = False

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """All weights on every rank, and no layer gives its own back after use."""
        if self.stage < 3:
            yield
            return
        hooks = self.zero.parameter_offload
        with self._full(list(self.policy.model.parameters())):
            hooks._remove_module_hooks()
            try:
                yield
            finally:
                hooks.setup_zero_stage3_hooks()

    def state_dict(self) -> dict[str, torch.Tensor]:
        """The full weights under the model's own names, adapters merged, on the CPU; gathered one by one."""
        model = self.policy.model
        if self.stage < 3:
            return adapters.merged(model, on_cpu(model))
        held: dict[int, torch.Tensor] = {}
        for parameter in model.parameters():
            with self._full([parameter]):
                held[id(parameter)] = parameter.detach().cpu().clone()
        weights = model.state_dict(keep_vars=True)
        return adapters.merged(model, {name: held.get(id(value), value.detach()) for name, value in weights.items()})

    def save(self, folder: Path) -> None:
        """Write `policy.safetensors` (trained weights) and each rank's optimiser state, with float32 weights."""
        from safetensors.torch import save_file

        parameters = dict(self.policy.model.named_parameters())
        weights = {}
        for name in self.names:
            with self._full([parameters[name]]):
                if self.world.main:
                    weights[name] = parameters[name].detach().cpu().clone()
        if self.world.main:
            save_file(weights, folder / "policy.safetensors")
        save_file(self._part(), folder / self._file())
        self.world.bring(folder / self._file())
        self.world.barrier()

    def load(self, folder: Path) -> None:
        """The inverse of `save`; another number of ranks or another stage is refused."""
        from safetensors import safe_open
        from safetensors.torch import load_file

        if not (folder / self._file()).is_file():
            raise RlvrError(
                f"The checkpoint has no {self._file()}: it was saved by another number of processes. Run with the same "
                f"scale.processes and scale.zero_stage, or remove the stage's checkpoints to begin it again."
            )
        parameters = dict(self.policy.model.named_parameters())
        with safe_open(folder / "policy.safetensors", "pt") as saved, torch.no_grad():
            for name in self.names:
                with self._full([parameters[name]], write=True):
                    parameters[name].copy_(saved.get_tensor(name))
        state = self.zero.optimizer.state
        state.clear()
        for path, tensor in load_file(folder / self._file()).items():
            number, _, key = path.partition("/")
            flat = self.flats[int(number)]
            if key == "weight":
                flat.data.copy_(tensor)
            else:
                state[flat][key] = tensor if key == "step" else tensor.to(flat.device)

    def reset(self) -> None:
        """Forget the optimiser's state."""
        self.zero.optimizer.state.clear()

    def learning_rate(self, number: int) -> float:
        """The learning rate of update `number`."""
        return learning_rate(self.settings, number, self.updates)

    def _clear_gradients(self) -> None:
        """Clear DeepSpeed's sums of gradients, kept in stage 3 and in host memory.

        It starts them anew in the first backward pass of a step only, so a weight whose first gradient comes later (the
        vision tower's, after rows without pictures) would have it added to the sum of the last step.
        """
        kept = [self.zero.grad_partitions_flat_buffer] if self.stage == 3 else []
        for gradient in [*kept, *getattr(self.zero, "accumulated_grads_in_cpu", {}).values()]:
            gradient.zero_()

    def _file(self) -> str:
        return f"optimiser-zero{self.stage}-{self.world.rank}-of-{self.world.size}.safetensors"

    def _part(self) -> dict[str, torch.Tensor]:
        """Float32 weights and moments of this rank by `<group>/<name>`."""
        part = {}
        for number, flat in enumerate(self.flats):
            part[f"{number}/weight"] = flat.detach()
            part |= {f"{number}/{key}": value for key, value in self.zero.optimizer.state.get(flat, {}).items()}
        return part

    def _full(self, parameters: list[Any], write: bool = False) -> Any:
        """Within: the parameters are whole; what the main rank writes into them stays with `write`."""
        if self.stage < 3:
            return contextlib.nullcontext()
        return _deepspeed().zero.GatheredParameters(parameters, modifier_rank=0 if write else None)


def configuration(settings: Optimiser, scale: Scale, precision: torch.dtype) -> dict[str, Any]:
    """DeepSpeed's configuration: every call of `step` is an update, whatever number of backward passes came before."""
    zero: dict[str, Any] = {"stage": scale.zero_stage}
    if scale.offload_optimiser:
        zero["offload_optimizer"] = {"device": "cpu"}
    return {
        "train_micro_batch_size_per_gpu": 1,
        "managed_gradient_accumulation": False,
        "gradient_clipping": settings.max_grad_norm,
        "zero_optimization": zero,
        "zero_allow_untested_optimizer": True,
        "zero_force_ds_cpu_optimizer": False,
        "bf16": {"enabled": precision == torch.bfloat16},
        "data_types": {"grad_accum_dtype": "fp32" if scale.zero_stage > 1 else None},
        "steps_per_print": None,
    }


def _deepspeed() -> Any:
    """The deepspeed module, with torch.distributed running even for one process."""
    os.environ.setdefault("LOCAL_RANK", "0")
    os.environ.setdefault("DS_ACCELERATOR", "cuda" if torch.cuda.is_available() else "cpu")
    with contextlib.redirect_stdout(sys.stderr):  # importing it prints
        import deepspeed
    warnings.filterwarnings("ignore", r"`torch\.distributed\.\w+` is deprecated", FutureWarning)  # DeepSpeed's calls
    # its shared-memory collectives would be compiled at the first use, for a minute and with a C++ compiler
    deepspeed.ops.__compatible_ops__["deepspeed_shm_comm"] = False
    if not distributed.is_initialized():
        backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
        distributed.init_process_group(backend, store=distributed.HashStore(), rank=0, world_size=1)
    return deepspeed
