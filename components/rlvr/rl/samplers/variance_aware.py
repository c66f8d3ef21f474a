"""Variance-aware sampling of MMR1 (arXiv 2509.21268 §3; verl/curriculum/ of LengSicong/MMR1 @ d8161a0)."""

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rlvr.errors import RlvrError
from rlvr.rl.samplers.diversity import self_bleu_123
from rlvr.rl.samplers.orders import further, weighted
from rlvr.rl.samplers.sampler import Outcome, Probe
from rlvr.rl.samplers.uniform import UniformSampler
from rlvr.training import VarianceAware

Scores = NDArray[np.floating[Any]]


def learnability(accuracy: float) -> float:
    """Outcome variance score p (1 - p) of a prompt with pass rate p."""
    return accuracy * (1 - accuracy)


def combine(results: Sequence[ArrayLike], weights: Sequence[float]) -> Scores:
    """Weighted sum over metrics, [rows], of `results`, [metrics] of [rows]."""
    columns = [np.asarray(result) * weight for result, weight in zip(results, weights, strict=True)]
    whole: Scores = np.sum(columns, axis=0)
    return whole


def normalised(scores: Scores) -> Scores:
    """Min-max scaling to 0..1 over the rows, with upstream's 1e-8 against division by zero."""
    result: Scores = (scores - scores.min()) / (scores.max() - scores.min() + 1e-8)
    return result


class VarianceAwareSampler:
    """Part of a step is drawn with replacement in proportion to the promotion score, the rest once an epoch in turn.

    All rows are measured before step 0 and again every `every` steps: score = weighted sum of outcome variance and
    trajectory diversity, scaled to 0..1, mixed as momentum * old + (1 - momentum) * new. Scores that are all 0 draw
    uniformly (upstream raises). Later attempts draw from the other rows without replacement, by the same mixture.
    """

    def __init__(self, settings: VarianceAware, rows: int, per_step: int, seed: int) -> None:
        self.settings, self.rows, self.per_step, self.seed = settings, rows, per_step, seed
        self.scored = int(settings.mixture * per_step)
        self.rest = UniformSampler(rows=rows, per_step=per_step - self.scored, seed=seed)
        self.scores: Scores | None = None
        self.period = -1
        self.asked = 0

    def probe(self, step: int) -> Probe | None:
        """All rows, every `every` steps."""
        self.asked = step // self.settings.every
        if self.asked == self.period:
            return None
        return Probe(indices=list(range(self.rows)), samples=self.settings.samples, temperature=None)

    def observe_probe(self, outcomes: Sequence[Outcome]) -> None:
        """New scores."""
        settings = self.settings
        variance, diversity = np.zeros(self.rows), np.zeros(self.rows)
        for outcome in outcomes:
            likeness = self_bleu_123(outcome.tokens) if settings.diversity else 0.0
            variance[outcome.index] = learnability(outcome.accuracy)
            diversity[outcome.index] = likeness if settings.diversity_sign == "code" else 1 - likeness
        new = normalised(combine([variance, diversity], [settings.learnability, settings.diversity]))
        old = new if self.scores is None else self.scores
        self.scores = settings.momentum * old + (1 - settings.momentum) * new
        self.period = self.asked

    def indices(self, step: int, attempt: int = 0) -> list[int]:
        """Row numbers of a step."""
        if self.scores is None:
            raise RlvrError("Variance-aware sampling has no scores yet: observe the probe before asking for rows.")
        whole = float(self.scores.sum())
        chances = (self.scores / whole).tolist() if whole > 0 else [1 / self.rows] * self.rows
        draw = random.Random(f"{self.seed} variance {step}")
        chosen = draw.choices(range(self.rows), chances, k=self.scored) + self.rest.indices(step)
        if not attempt:
            return chosen
        mixture = self.settings.mixture
        order = weighted(
            [mixture * chance + (1 - mixture) / self.rows for chance in chances], f"{self.seed} further {step}"
        )
        return further(order, chosen, self.per_step, attempt)

    def observe(self, outcomes: Sequence[Outcome]) -> None:
        """Scores come from probes alone."""

    def state(self) -> dict[str, Any]:
        """Scores and when they were measured."""
        return {"scores": None if self.scores is None else self.scores.tolist(), "period": self.period}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave."""
        self.scores = None if state["scores"] is None else np.array(state["scores"])
        self.period = state["period"]
