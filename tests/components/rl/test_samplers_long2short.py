import math

import pytest

from rlvr.rl.length_reward import length_rewards, with_length_rewards
from rlvr.rl.preferences import preference, shortest_correct
from rlvr.training import LengthReward


def test_brevity_is_rewarded_among_the_correct_and_length_punished_in_all():
    assert length_rewards([10, 30, 20, 10], [True, True, True, False]) == [0.5, -0.5, 0.0, 0.0]
    assert length_rewards([10, 30], [True, False]) == [0.5, -0.5]
    assert length_rewards([7, 7], [True, False]) == [0.0, 0.0]


def test_the_length_reward_waits_for_its_step_and_leaves_missing_rewards_missing():
    settings = LengthReward(weight=0.2, after_steps=5)
    group = ([1.0, 0.0, math.nan], [10, 20, 30], [True, False, False])
    assert with_length_rewards(*group, settings, 4)[:2] == [1.0, 0.0]
    later = with_length_rewards(*group, settings, 5)
    assert later[:2] == pytest.approx([1.1, 0.0]) and math.isnan(later[2])


def test_the_shortest_correct_completion_is_preferred_to_longer_ones():
    lengths, correct = [30, 10, 15, 14, 8, 12], [True, True, True, True, False, False]
    assert shortest_correct(lengths, correct) == 1
    found = preference(lengths, correct, 1.5)
    assert (found.chosen, found.long, found.wrong) == (1, (0, 2), (5,))
    assert found.pairs == [(1, 0), (1, 2), (1, 5)]
    assert preference(lengths, [False] * 6) is None and shortest_correct([], []) is None


def test_completions_of_equal_length_make_no_pair():
    assert preference([0, 0], [True, True]).pairs == []
    assert preference([5, 5], [True, False]).pairs == []
