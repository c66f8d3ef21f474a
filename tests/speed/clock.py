"""Time of the phases of a step: CPU seconds of the process, or wall seconds around a synchronised GPU."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch


def now() -> float:
    """Seconds. CPU time is blind to what else the machine does."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
        return time.perf_counter()
    return time.process_time()


class Clock:
    """Seconds that each phase took, one entry a step."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = defaultdict(list)

    @contextmanager
    def __call__(self, phase: str) -> Iterator[None]:
        """Time the block as one more entry of `phase`."""
        start = now()
        yield
        self.seconds[phase].append(now() - start)

    def timed(self, phase: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """`function`, each call timed as one more entry of `phase`."""

        def call(*args: Any, **kwargs: Any) -> Any:
            with self(phase):
                return function(*args, **kwargs)

        return call

    def best(self, phase: str, warm_up: int) -> float:
        """The fastest entry of `phase` after the first `warm_up`; 0 for a phase that never ran."""
        return min(self.seconds[phase][warm_up:], default=0.0)
