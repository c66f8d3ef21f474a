import json
import random
from collections import Counter

import pytest

from rlvr.errors import RlvrError
from rlvr.rl.samplers import Outcome, UniformSampler, make_sampler
from rlvr.rl.samplers.online_filter import keep
from rlvr.rl.samplers.orders import weighted
from rlvr.training import Curriculum, OnlineFilter, Prioritised, Uniform, VarianceAware


def rows_of(difficulties):
    return [
        {"row_id": f"row{number}", "task": "counting", "extra": json.dumps({"difficulty": value})}
        for number, value in enumerate(difficulties)
    ]


def outcome(index, accuracy, tokens=((1, 2, 3), (1, 2, 4))):
    return Outcome(index=index, accuracy=accuracy, reward=accuracy, tokens=tokens)


def answered(sampler, step, accuracy):
    """Answer the probe that is due before `step`, if any, with `accuracy(row)`; says whether one was."""
    probe = sampler.probe(step)
    if probe is not None:
        sampler.observe_probe([outcome(index, accuracy(index)) for index in probe.indices])
    return probe is not None


ROWS = rows_of([0.5, 0.1, 0.9, 0.3, 0.7, 0.2, 0.8, 0.4, 0.6, 0.0])
EVERY_SAMPLER = [
    Uniform(),
    Curriculum(),
    Curriculum(by="pass_rate"),
    Curriculum(warmup_steps=2, hardest=0.3),
    Prioritised(),
    VarianceAware(every=3),
]


def run(sampler, steps, save_at=None):
    """Rows of all attempts of some steps; a sampler saved and restored at `save_at` takes over from there."""
    chosen, saved = [], None
    for step in steps:
        if step == save_at:
            saved = json.loads(json.dumps(sampler.state()))
        answered(sampler, step, lambda row: row * 5 % 9 / 8)
        attempts = [sampler.indices(step, attempt) for attempt in range(3)]
        sampler.observe([outcome(row, (row * 3 + step) % 9 / 8) for row in attempts[0]])
        chosen.append(attempts)
    return chosen, saved


@pytest.mark.parametrize("settings", EVERY_SAMPLER, ids=repr)
def test_a_restored_sampler_goes_on_exactly(settings):
    whole, saved = run(make_sampler(settings, ROWS, 3, seed=5), range(8), save_at=4)
    late = make_sampler(settings, ROWS, 3, seed=5)
    late.restore(saved)
    assert run(late, range(4, 8))[0] == whole[4:]
    assert run(make_sampler(settings, ROWS, 3, seed=5), range(8))[0] == whole
    if settings != Curriculum():  # labels that all differ leave nothing to chance
        assert run(make_sampler(settings, ROWS, 3, seed=6), range(8))[0] != whole


@pytest.mark.parametrize("settings", EVERY_SAMPLER, ids=repr)
def test_later_attempts_take_other_rows_while_there_are_any(settings):
    sampler = make_sampler(settings, ROWS, 3, seed=1)
    answered(sampler, 0, lambda row: row / 10)
    first = sampler.indices(0)
    seen = [row for attempt in (1, 2) for row in sampler.indices(0, attempt)]
    assert len(set(seen)) == 6 and not set(seen) & set(first)
    assert {row for attempt in range(5) for row in sampler.indices(0, attempt)} == set(range(10))
    assert all(len(sampler.indices(0, attempt)) == 3 for attempt in range(9))


@pytest.mark.parametrize("settings", EVERY_SAMPLER, ids=repr)
def test_sets_smaller_than_a_step_repeat(settings):
    sampler = make_sampler(settings, ROWS[:2], 5, seed=1)
    answered(sampler, 0, lambda row: row / 2)
    assert all(len(sampler.indices(0, attempt)) == 5 for attempt in range(3))


def test_uniform_keeps_the_order_that_earlier_runs_had():
    sampler = make_sampler(Uniform(), ROWS, 4, seed=3)
    assert sampler == UniformSampler(rows=10, per_step=4, seed=3)
    for epoch in range(2):
        order = list(range(10))
        random.Random(f"3 {epoch}").shuffle(order)
        assert [row for step in range(5) for row in sampler.indices(step)][epoch * 10 :][:10] == order
    assert sampler.probe(0) is None and sampler.state() == {}


def test_curriculum_by_label_goes_from_easy_to_hard_once_an_epoch():
    sampler = make_sampler(Curriculum(), ROWS, 4, seed=0)
    assert sampler.probe(0) is None
    seen = [row for step in range(5) for row in sampler.indices(step)]
    assert seen[:10] == seen[10:] == [9, 1, 5, 3, 7, 0, 8, 4, 6, 2]
    assert sampler.indices(1) == [7, 0, 8, 4]
    assert sampler.indices(1, 1) == [6, 3, 2, 5]  # the nearest in difficulty


def test_equally_difficult_rows_are_shuffled_anew_each_epoch():
    sampler = make_sampler(Curriculum(), rows_of([1] * 20 + [0] * 20), 40, seed=0)
    first, second = sampler.indices(0), sampler.indices(1)
    assert set(first[:20]) == set(second[:20]) == set(range(20, 40)) and first != second


def test_curriculum_by_pass_rate_measures_once_and_puts_what_is_solved_first():
    sampler = make_sampler(Curriculum(by="pass_rate", samples=6, temperature=0.7), ROWS, 5, seed=0)
    with pytest.raises(RlvrError, match="probe"):
        sampler.indices(0)
    probe = sampler.probe(0)
    assert (sorted(probe.indices), probe.samples, probe.temperature) == (list(range(10)), 6, 0.7)
    sampler.observe_probe([outcome(row, row / 10) for row in reversed(range(10))])
    assert sampler.indices(0) + sampler.indices(1) == list(range(9, -1, -1))
    assert sampler.probe(1) is None


def test_curriculum_with_warm_up_draws_from_everything_and_then_from_the_hardest():
    sampler = make_sampler(Curriculum(warmup_steps=3, hardest=0.3), ROWS, 4, seed=2)
    uniform = UniformSampler(rows=10, per_step=4, seed=2)
    assert [sampler.indices(step) for step in range(3)] == [uniform.indices(step) for step in range(3)]
    late = [row for step in range(3, 6) for row in sampler.indices(step)]
    assert Counter(late) == {2: 4, 6: 4, 4: 4}
    assert set(sampler.indices(3, 1)) == {2, 6, 4}


@pytest.mark.parametrize("extra", [None, "{}", '{"difficulty": "hard"}', '{"difficulty": true}', '{"difficulty": NaN}'])
def test_a_row_without_difficulty_is_named(extra):
    rows = [*ROWS, {"row_id": "bad1", "task": "geometry", "extra": extra}]
    with pytest.raises(RlvrError, match="Row bad1 of task geometry has no number `difficulty`"):
        make_sampler(Curriculum(), rows, 4, seed=0)


def test_prioritised_draws_unsolved_rows_in_proportion():
    sampler = make_sampler(Prioritised(), ROWS[:4], 1, seed=0)
    for row, accuracies in enumerate([(1, 1), (0.5, 1), (0, 0.5), (0, 0)]):
        sampler.observe([outcome(row, accuracy) for accuracy in accuracies])
    assert sampler.success_rates() == [1, 0.75, 0.25, 0]
    counts = Counter(sampler.indices(step)[0] for step in range(4000))
    assert counts[0] == 0
    for row, share in ((1, 0.125), (2, 0.375), (3, 0.5)):
        assert counts[row] / 4000 == pytest.approx(share, abs=0.03)


def test_prioritised_takes_solved_rows_last_and_a_solved_set_uniformly():
    sampler = make_sampler(Prioritised(initial=1.0), ROWS, 4, seed=0)
    counts = Counter(row for step in range(500) for row in sampler.indices(step))
    assert len(counts) == 10 and min(counts.values()) > 150
    sampler.observe([outcome(7, 0.5), outcome(2, 0.0)])
    assert {7, 2} <= set(sampler.indices(0)) and len(set(sampler.indices(0))) == 4


def test_what_is_observed_within_a_step_does_not_move_its_later_attempts():
    sampler, twin = (make_sampler(Prioritised(), ROWS, 3, seed=0) for _ in range(2))
    assert sampler.indices(0) == twin.indices(0)
    sampler.observe([outcome(row, 1.0) for row in range(10)])
    assert sampler.indices(0, 1) == twin.indices(0, 1)
    assert sampler.success_rates() == [1.0] * 10


def test_weighted_order_draws_one_after_another_without_replacement():
    orders = [weighted([3, 1, 0, 0], f"key {number}") for number in range(3000)]
    assert all(sorted(order) == [0, 1, 2, 3] and set(order[:2]) == {0, 1} for order in orders)
    assert sum(order[0] == 0 for order in orders) / 3000 == pytest.approx(0.75, abs=0.03)
    assert sum(order[2] == 2 for order in orders) / 3000 == pytest.approx(0.5, abs=0.03)


def test_variance_aware_draws_half_a_step_by_score_and_measures_again():
    sampler = make_sampler(VarianceAware(every=4, samples=3), ROWS, 6, seed=0)
    with pytest.raises(RlvrError, match="probe"):
        sampler.indices(0)
    asked = []
    for step in range(9):
        if answered(sampler, step, lambda row: 0.5 if row in (3, 8) else 0.0):
            asked.append(step)
        chosen = sampler.indices(step)
        assert set(chosen[:3]) <= {3, 8} and len(set(chosen[3:])) == 3
    assert asked == [0, 4, 8]
    uniform = Counter(row for step in range(10) for row in sampler.indices(step)[3:])
    assert set(uniform.values()) == {3}
    probe = make_sampler(VarianceAware(samples=3), ROWS, 6, seed=0).probe(0)
    assert (probe.indices, probe.samples, probe.temperature) == (list(range(10)), 3, None)


@pytest.mark.parametrize(("sign", "wanted"), [("paper", 1), ("code", 0)])
def test_the_paper_rewards_diversity_and_the_code_likeness(sign, wanted):
    settings = VarianceAware(learnability=0.5, diversity=0.5, diversity_sign=sign, mixture=1.0)
    sampler = make_sampler(settings, ROWS[:2], 4, seed=0)
    sampler.probe(0)
    alike, different = ((1, 2, 3), (1, 2, 3)), ((1, 2, 3), (4, 5, 6))
    sampler.observe_probe([outcome(0, 0.5, alike), outcome(1, 0.5, different)])
    assert set(sampler.indices(0)) == {wanted}


def test_momentum_keeps_a_share_of_the_old_scores():
    sampler = make_sampler(VarianceAware(every=1, momentum=0.25, diversity=0.0), ROWS[:3], 2, seed=0)
    for step, rates in enumerate([(0, 0.5, 1), (0.5, 0, 1)]):
        sampler.probe(step)
        sampler.observe_probe([outcome(row, rate) for row, rate in enumerate(rates)])
    assert sampler.state()["scores"] == pytest.approx([0.75, 0.25, 0])


def test_scores_that_are_all_alike_draw_uniformly():
    sampler = make_sampler(VarianceAware(mixture=1.0), ROWS, 5, seed=0)
    answered(sampler, 0, lambda row: 1.0)
    assert set(row for step in range(40) for row in sampler.indices(step)) == set(range(10))


def test_the_online_filter_drops_none_and_all_of_eight_alone():
    accuracies = [right / 8 for right in range(9)]
    assert keep(accuracies, OnlineFilter()) == [False] + [True] * 7 + [False]
    assert keep([0.1, 0.9], OnlineFilter()) == [True, True]
