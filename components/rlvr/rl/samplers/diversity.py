"""How much the completions of one prompt differ (MMR1 verl/curriculum/metrics.py @ d8161a0).

All functions take the token ids of each completion. Upstream passes rows with padding, which counts as tokens; ours
are given without.
"""

import math
from collections import Counter
from collections.abc import Sequence
from itertools import combinations

Tokens = Sequence[Sequence[int]]

_SMOOTHING = 0.1
"""Matches assumed where an order has none (method 1 of Chen and Cherry 2014, as in NLTK)."""


def self_bleu_123(tokens: Tokens) -> float:
    """Mean BLEU of each completion against the others, n-grams of 1 to 3 with equal weight; 0 for fewer than two.

    1 means all alike. Same as the mean of NLTK's `sentence_bleu` with smoothing method 1.
    """
    if len(tokens) < 2:
        return 0.0
    logs = [0.0] * len(tokens)
    matched = [True] * len(tokens)
    for n in (1, 2, 3):
        for which, (hits, grams) in enumerate(_matches(tokens, n)):
            matched[which] &= n > 1 or hits > 0
            logs[which] += math.log((hits or _SMOOTHING) / max(1, grams)) / 3
    lengths = [len(ids) for ids in tokens]
    scores = [
        _brevity(lengths[which], lengths[:which] + lengths[which + 1 :]) * math.exp(logs[which]) if alike else 0.0
        for which, alike in enumerate(matched)
    ]
    return sum(scores) / len(scores)


def distinct_3(tokens: Tokens) -> float:
    """Share of different 3-grams among all 3-grams of all completions; 0 where there are none."""
    grams = [gram for ids in tokens for gram in _ngrams(ids, 3)]
    return len(set(grams)) / len(grams) if grams else 0.0


def pairwise_edit_distance(tokens: Tokens) -> float:
    """Mean Levenshtein distance, in tokens, over all pairs of completions; 0 for fewer than two."""
    from rapidfuzz.distance import Levenshtein

    distances = [Levenshtein.distance(one, other) for one, other in combinations(tokens, 2)]
    return sum(distances) / len(distances) if distances else 0.0


def _ngrams(ids: Sequence[int], n: int) -> list[tuple[int, ...]]:
    return list(zip(*(ids[start:] for start in range(n)), strict=False))


def _matches(tokens: Tokens, n: int) -> list[tuple[int, int]]:
    """For each completion: its n-grams that others hold, each at most as often as the richest other, and all."""
    counts = [Counter(_ngrams(ids, n)) for ids in tokens]
    most: dict[tuple[int, ...], int] = {}
    second: dict[tuple[int, ...], int] = {}
    for counter in counts:
        for gram, count in counter.items():
            top = most.get(gram, 0)
            most[gram] = max(top, count)
            second[gram] = max(second.get(gram, 0), min(top, count))
    return [
        (
            sum(min(count, second[gram] if count == most[gram] else most[gram]) for gram, count in counter.items()),
            counter.total(),
        )
        for counter in counts
    ]


def _brevity(length: int, others: Sequence[int]) -> float:
    """BLEU's penalty for being shorter than the reference nearest in length (the shorter of two as near)."""
    nearest = min(others, key=lambda other: (abs(other - length), other))
    if length > nearest:
        return 1.0
    return math.exp(1 - nearest / length) if length else 0.0
