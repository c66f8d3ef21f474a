"""What a training step reports of itself, as pure functions; shares are in per cent, log-probs in nats.

Token values are those of the whole step: micro-batches and processes put theirs together first, so that a mean is one
over all tokens.
"""

import math
from collections.abc import Mapping, Sequence

import torch


def reward_metrics(
    totals: Sequence[Sequence[float | None]], components: Sequence[Mapping[str, float | None]]
) -> dict[str, float | dict[str, float]]:
    """Means over the completions that have the reward, and the share of groups that teach nothing.

    `totals` are the rewards of each group, None (or NaN) where there is none; `components` each completion's parts.
    """
    names = sorted({name for parts in components for name in parts})
    known = [[value for value in group if value is not None and not math.isnan(value)] for group in totals]
    return {
        "reward": mean([value for group in known for value in group]),
        "rewards": {
            name: mean([value for parts in components if (value := parts.get(name)) is not None]) for name in names
        },
        "dead_groups_percent": percent([len(set(group)) < 2 for group in known]),
    }


def length_metrics(tokens: Sequence[int], truncated: Sequence[bool]) -> dict[str, float]:
    """Mean and 95th percentile of the completions' tokens, and how many were cut."""
    return {
        "length_mean": mean(tokens),
        "length_p95": float(percentile(tokens, 0.95)),
        "truncated_percent": percent(truncated),
    }


def advantage_metrics(advantages: torch.Tensor) -> dict[str, float]:
    """Mean and standard deviation (population) of the completions' advantages, any shape."""
    values = advantages.double().flatten()
    if not len(values):
        return {"advantage_mean": math.nan, "advantage_std": math.nan}
    return {"advantage_mean": float(values.mean()), "advantage_std": float(values.std(correction=0))}


def entropy(logprobs: torch.Tensor) -> float:
    """Entropy a token, estimated as minus the mean log-prob, [N], of sampled tokens.

    Its expectation is the entropy if nothing (top-p, top-k, min-p) narrowed the choice; it costs no pass of its own.
    """
    return -float(logprobs.double().mean()) if len(logprobs) else math.nan


def mean(values: Sequence[float]) -> float:
    """Arithmetic mean; NaN of nothing."""
    return sum(values) / len(values) if values else math.nan


def percent(events: Sequence[bool]) -> float:
    """Share of the true ones, in per cent; NaN of nothing."""
    return 100 * sum(events) / len(events) if events else math.nan


def percentile(values: Sequence[float], fraction: float) -> float:
    """The value below which `fraction` of the values lie (nearest rank); NaN of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(fraction * len(ordered)))] if ordered else math.nan
