"""Decoding on a GPU: every step has the same shapes and addresses, so that one CUDA graph is captured and replayed.

A step of a few rows is bound by the launching of its kernels; a replayed graph launches them at once. The graph is
captured again when rows leave or the buffers grow. Experts are chosen step by step, so such models are not captured.
Where there is no GPU a step is simply run.
"""

from collections.abc import Callable
from typing import Any

import torch

from rlvr.rl.decoding import Decoding


def can_be_captured(model: Any) -> bool:
    """Whether a decoding step is the same kernels each time: on a GPU, and without experts to choose among."""
    experts = any(hasattr(module, "experts") for module in model.modules())
    return bool(next(model.parameters()).is_cuda) and not experts


class GraphDecoding(Decoding):
    """`Decoding` whose step reads and writes fixed tensors."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.replay: Callable[[], None] | None = None

    def keep(self, rows: torch.Tensor) -> None:
        """Go on with these rows only."""
        super().keep(rows)
        self.replay = None

    def advance(self, tokens: torch.Tensor) -> None:
        """Feed one token a row, [rows]; `logits` are then those of the next."""
        if self.fed == self.room:
            self.replay = None
        super().advance(tokens)

    def _forward(self, tokens: torch.Tensor) -> torch.Tensor:
        if self.replay is None:
            self.tokens, self.place = tokens.clone(), torch.tensor([self.fed], device=self.device)
            self.position = self.position.clone()
            self.places = torch.arange(self.room, device=self.device)
            self.replay = self._captured(self._step)
        self.tokens.copy_(tokens)
        self.place.fill_(self.fed)
        self.replay()
        return self.out

    def _step(self) -> None:
        self.out = super()._forward(self.tokens)

    def _captured(self, step: Callable[[], None]) -> Callable[[], None]:
        """`step` as a graph to be replayed; itself where there is no GPU."""
        if self.device.type != "cuda":
            return step
        step()  # kernels choose their workspaces before capture
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):  # other threads may talk to NCCL meanwhile
            step()
        return graph.replay

    def _remember(self, layer: int, key: torch.Tensor, value: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Put the new token's key and value into the buffers; all of them, [rows, H_kv, room, D]."""
        own_key, own_value = self.own[layer]
        own_key.index_copy_(2, self.place, key)
        own_value.index_copy_(2, self.place, value)
        return own_key, own_value

    def _hide_future(self, scores: torch.Tensor) -> None:
        """Own scores cover the whole buffers; what lies after the new token is not there yet."""
        scores.masked_fill_(self.places > self.place, -torch.inf)
