import math
import random

import pytest

from rlvr.rl.samplers.diversity import distinct_3, pairwise_edit_distance, self_bleu_123


def test_completions_that_are_all_alike_have_no_diversity():
    alike = [[1, 2, 3, 4]] * 3
    assert self_bleu_123(alike) == pytest.approx(1.0)
    assert pairwise_edit_distance(alike) == 0.0
    assert distinct_3(alike) == pytest.approx(2 / 6)


def test_self_bleu_falls_as_completions_drift_apart():
    draw = random.Random(0)
    base = [draw.randrange(50) for _ in range(40)]
    scores = []
    for changed in (0, 5, 20, 40):
        group = [[draw.randrange(50, 10_000) if place < changed else token for place, token in enumerate(base)]
                 for _ in range(4)]  # fmt: skip
        scores.append(self_bleu_123(group))
    assert scores == sorted(scores, reverse=True) and scores[0] == pytest.approx(1.0) and scores[-1] < 0.01


def test_matches_are_clipped_at_the_richest_other_completion():
    # 1-grams of the first: 3 of 4 matches allowed by the second; its 2-grams (1, 1): 2 of 3; 3-grams: 1 of 2.
    first = (3 / 4 * 2 / 3 * 1 / 2) ** (1 / 3)
    second = (3 / 4 * 2 / 3 * 1 / 2) ** (1 / 3)
    assert self_bleu_123([[1, 1, 1, 1], [1, 1, 1, 2]]) == pytest.approx((first + second) / 2)


def test_groups_without_text_have_none():
    assert self_bleu_123([]) == self_bleu_123([[1]]) == self_bleu_123([[], []]) == self_bleu_123([[], [1, 2]]) == 0.0
    assert distinct_3([[], [1]]) == pairwise_edit_distance([[1, 2]]) == 0.0


def test_orders_without_a_match_count_as_a_tenth_of_one():
    assert self_bleu_123([[1, 2, 9], [1, 2, 8]]) == pytest.approx((2 / 3 * 1 / 2 * 0.1) ** (1 / 3))
    assert self_bleu_123([[1], [1]]) == pytest.approx(0.01 ** (1 / 3))  # a tenth where an order has no n-grams, too


def test_completions_shorter_than_the_nearest_other_pay_for_brevity():
    short = (2 / 2 * 1 / 1 * 0.1) ** (1 / 3) * math.exp(1 - 3 / 2)
    long = (2 / 3 * 1 / 2 * 0.1) ** (1 / 3)
    assert self_bleu_123([[1, 2], [1, 2, 3]]) == pytest.approx((short + long) / 2)
