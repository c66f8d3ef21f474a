"""Rows that are rarely solved come more often (Kimi k1.5 §2.3.4)."""

from collections.abc import Sequence
from typing import Any

from rlvr.rl.samplers.orders import further, weighted
from rlvr.rl.samplers.sampler import Outcome, Probe
from rlvr.training import Prioritised


def probabilities(success_rates: Sequence[float]) -> list[float] | None:
    """p_i = (1 - s_i) / sum over j of (1 - s_j); None where every row is solved, which the report leaves undefined."""
    missing = [1 - rate for rate in success_rates]
    whole = sum(missing)
    return [value / whole for value in missing] if whole > 0 else None


class PrioritisedSampler:
    """The rows of a step are drawn one after another without replacement with p proportional to 1 - success rate.

    A row's success rate is the mean accuracy of its groups so far. Solved rows (rate 1) have probability 0; where
    fewer others are left than a step needs, solved ones make up the rest, all alike. A set that is solved throughout
    is thus sampled uniformly; the report leaves this case undefined.
    """

    def __init__(self, settings: Prioritised, rows: int, per_step: int, seed: int) -> None:
        self.settings, self.rows, self.per_step, self.seed = settings, rows, per_step, seed
        self.tried = [0] * rows
        self.solved = [0.0] * rows
        self.drawn: tuple[int, list[int]] | None = None

    def success_rates(self) -> list[float]:
        """One a row; untried rows have the assumed one."""
        return [
            solved / tried if tried else self.settings.initial
            for solved, tried in zip(self.solved, self.tried, strict=True)
        ]

    def indices(self, step: int, attempt: int = 0) -> list[int]:
        """Row numbers of a step; what is observed meanwhile does not change the step's later attempts."""
        if self.drawn is None or self.drawn[0] != step:
            weights = probabilities(self.success_rates()) or [0.0] * self.rows
            self.drawn = step, weighted(weights, f"{self.seed} prioritised {step}")
        order = self.drawn[1]
        first = [order[position % self.rows] for position in range(self.per_step)]
        return further(order, first, self.per_step, attempt) if attempt else first

    def observe(self, outcomes: Sequence[Outcome]) -> None:
        """Success rates are updated."""
        for outcome in outcomes:
            self.tried[outcome.index] += 1
            self.solved[outcome.index] += outcome.accuracy

    def probe(self, step: int) -> Probe | None:
        """Nothing is measured apart from training."""
        return None

    def observe_probe(self, outcomes: Sequence[Outcome]) -> None:
        """Nothing is learnt."""

    def state(self) -> dict[str, Any]:
        """Groups and summed accuracy of each row."""
        return {"tried": list(self.tried), "solved": list(self.solved)}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave."""
        self.tried, self.solved, self.drawn = list(state["tried"]), list(state["solved"]), None
