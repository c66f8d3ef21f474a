"""The processes of one training stage: who this one is, and how results of all of them come together.

torchrun's environment (`RANK`, `WORLD_SIZE`, ...) says who this process is; without it there is one process and every
call below costs nothing.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TypeVar

import torch
from torch import distributed

T = TypeVar("T")

PATIENCE = timedelta(hours=2)
"""How long a rank waits for the others: rollouts of different lengths lie between two meetings."""


@dataclass(frozen=True, slots=True)
class World:
    """One process among those of the stage. Every call below is collective: all ranks make it, or all wait."""

    rank: int = 0
    """Number of this process, 0 .. size - 1."""
    size: int = 1
    """Processes of the stage."""

    @property
    def main(self) -> bool:
        """Whether this is the process that writes outputs and reports progress."""
        return self.rank == 0

    def gather(self, objects: list[T]) -> list[T]:
        """All ranks' objects in rank order, on every rank; they travel pickled between the stage's own processes."""
        if self.size == 1:
            return objects
        parts: list[list[T]] = [[] for _ in range(self.size)]
        distributed.all_gather_object(parts, objects)
        return [item for part in parts for item in part]

    def any(self, flag: bool) -> bool:
        """Whether `flag` is set on some rank; the same answer on every rank."""
        return any(self.gather([flag]))

    def sum(self, tensor: torch.Tensor) -> None:
        """Replace `tensor` by its sum over the ranks, the same bits on every rank."""
        if self.size > 1:
            distributed.all_reduce(tensor)

    def barrier(self) -> None:
        """Return when every rank has come here."""
        if self.size > 1:
            self.gather([None])

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """A temporary folder that all ranks see; it goes when the last of them leaves."""
        made = tempfile.TemporaryDirectory(prefix="rlvr-") if self.main else None
        (name,) = self.gather([made.name] if made else [])
        try:
            yield Path(name)
            self.barrier()
        finally:
            if made:
                made.cleanup()


@cache
def world() -> World:
    """The place of this process, from torchrun's environment; starts torch.distributed when there are several."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        return World()
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    if not distributed.is_initialized():
        backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
        distributed.init_process_group(backend, timeout=PATIENCE)
    return World(distributed.get_rank(), distributed.get_world_size())


def leave() -> None:
    """End torch.distributed in this process; every rank does when its work is done."""
    if distributed.is_initialized():
        distributed.destroy_process_group()
    world.cache_clear()
