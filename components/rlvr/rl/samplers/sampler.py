"""What every sampler of rows offers the training loop.

A sampler draws all its randomness from (seed, step, attempt); whatever else its choices depend on is in `state()`. A
run that is restored therefore sees the rows that an undisturbed one sees.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What the completions of one prompt showed."""

    index: int
    """Number of the row."""
    accuracy: float
    """Share of the completions whose first reward component is at least 1."""
    reward: float
    """Mean total reward."""
    tokens: Sequence[Sequence[int]]
    """Token ids of each completion."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Probe:
    """A measurement that a sampler needs before it can go on: completions that are judged but not trained on."""

    indices: list[int]
    """Rows to measure."""
    samples: int
    """Completions a row."""
    temperature: float | None
    """Temperature of the completions; None takes the stage's own."""


class RowSampler(Protocol):
    """Chooses the rows of each step."""

    def probe(self, step: int) -> Probe | None:
        """The measurement that is due before `indices(step)`; None when nothing is."""

    def observe_probe(self, outcomes: Sequence[Outcome]) -> None:
        """The result of the probe, one outcome for each of its rows that can be read."""

    def indices(self, step: int, attempt: int = 0) -> list[int]:
        """Row numbers of a step, counted from 0.

        Later attempts of a step give further rows for the online filter: none of an earlier attempt's while there are
        others.
        """

    def observe(self, outcomes: Sequence[Outcome]) -> None:
        """What the rollouts of training showed; to be told after a step's last attempt."""

    def state(self) -> dict[str, Any]:
        """All that later choices depend on besides settings, rows and seed, as JSON types."""

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave."""
