"""The processes of one training stage: who this one is, and how results of all of them come together.

torchrun's environment (`RANK`, `WORLD_SIZE`, ...) says who this process is; without it there is one process and every
call below costs nothing.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TypeVar

import torch
from torch import distributed

from rlvr.scratch import scratch

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
    machine: int = 0
    """Number of the machine it runs on; the main process is on machine 0."""
    leads: bool = True
    """Whether it is the first process of its machine."""

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

    def each_machine(self, make: Callable[[], T]) -> T:
        """What `make` gives to the first process of each machine, on all processes of that machine."""
        return dict(self.gather([(self.machine, make())] if self.leads else []))[self.machine]

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """A temporary folder that all ranks of a machine see; it goes when the last of all ranks leaves."""
        with ExitStack() as stack:
            yield self.each_machine(lambda: stack.enter_context(scratch()))
            self.barrier()

    def bring(self, path: Path) -> None:
        """Copy the file that each rank has written at its `path` to the main rank's machine, under the same name.

        It goes into the folder in which the main rank's own file lies.
        """
        entries = self.gather([(self.rank, self.machine, path.name, path.stat().st_size)])
        for rank, machine, name, size in entries:
            if machine != 0 and self.rank == rank:
                _send(path, size)
            elif machine != 0 and self.main:
                _receive(path.parent / name, size, rank)


CHUNK_BYTES = 64 * 2**20
"""Size of the pieces in which a file travels."""


def _send(path: Path, size: int) -> None:
    """Send a file to rank 0."""
    with open(path, "rb") as file:
        for start in range(0, size, CHUNK_BYTES):
            piece = bytearray(file.read(min(CHUNK_BYTES, size - start)))
            distributed.send(torch.frombuffer(piece, dtype=torch.uint8), 0)


def _receive(path: Path, size: int, rank: int) -> None:
    """Write what `rank` sends."""
    with open(path, "wb") as file:
        for start in range(0, size, CHUNK_BYTES):
            piece = torch.empty(min(CHUNK_BYTES, size - start), dtype=torch.uint8)
            distributed.recv(piece, rank)
            file.write(piece.numpy().data)


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
    return World(
        rank=distributed.get_rank(),
        size=distributed.get_world_size(),
        machine=int(os.environ.get("GROUP_RANK", "0")),
        leads=os.environ.get("LOCAL_RANK", "0") == "0",
    )


def leave() -> None:
    """End torch.distributed in this process; every rank does when its work is done."""
    if distributed.is_initialized():
        distributed.destroy_process_group()
    world.cache_clear()
