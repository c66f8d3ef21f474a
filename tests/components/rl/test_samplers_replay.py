from collections import Counter
from dataclasses import dataclass

import pytest

from rlvr.rl.replay import ReplayBuffer, probabilities
from rlvr.training import Replay


@dataclass(frozen=True)
class Item:
    name: str
    advantage: float
    reward: float = 0.0


def batch(step, advantages, reward=0.0):
    return [Item(f"{step}.{number}", value, reward) for number, value in enumerate(advantages)]


PAPER, CODE = Replay(), Replay(form="code")


def test_the_paper_draws_the_whole_update_in_proportion_to_the_advantage():
    items = batch(0, [0.75, -0.25, 0.0, 0.0])
    drawn = Counter(item.name for step in range(1000) for item in ReplayBuffer(PAPER, 1).refill(step, items))
    assert set(drawn) == {"0.0", "0.1"} and sum(drawn.values()) == 4000
    assert drawn["0.0"] / 4000 == pytest.approx(0.75, abs=0.03)


def test_the_papers_buffer_is_cleared_at_the_boundary():
    buffer = ReplayBuffer(Replay(clear_every=2), 0)
    for step, names in enumerate([{"0"}, {"0", "1"}, {"2"}, {"2", "3"}]):
        buffer.refill(step, batch(step, [1.0, -1.0, 0.0]))
        assert {item.name[0] for item in buffer.items()} == names


def test_the_code_form_takes_half_from_the_step_and_half_from_what_it_kept():
    buffer = ReplayBuffer(CODE, 0)
    first = buffer.refill(0, batch(0, [0.5, -0.5, 0.25, -0.25, 0.5, -0.5]))
    assert [item.name for item in buffer.items()] == ["0.3", "0.4", "0.5"] and len(first) == 6
    second = buffer.refill(1, batch(1, [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]))
    assert [item.name for item in buffer.items()] == ["0.4", "0.5", "1.0"]
    assert second[0].name == "1.0" and len(second) == 6
    assert {item.name for item in second[1:]} <= {"0.4", "0.5", "1.0"}


def test_all_correct_rows_join_the_pool_in_the_given_share():
    items = [*batch(0, [1e-9] * 10), *batch(1, [0.0] * 10, reward=1.0)]
    drawn = [ReplayBuffer(CODE, seed).refill(0, items)[:10] for seed in range(40)]
    names = {item.name for rows in drawn for item in rows if not item.advantage}
    assert names == {"1.0"}


@pytest.mark.parametrize("settings", [PAPER, CODE], ids=repr)
def test_a_batch_without_any_advantage_gives_an_empty_update(settings):
    buffer = ReplayBuffer(settings, 0)
    assert buffer.refill(0, batch(0, [0.0] * 6, reward=1.0)) == []
    assert buffer.refill(1, []) == [] and buffer.items() == []


def test_the_code_form_falls_back_on_what_it_kept():
    buffer = ReplayBuffer(CODE, 0)
    buffer.refill(0, batch(0, [0.5, -0.5, 0.25, 0.0]))
    later = buffer.refill(1, batch(1, [0.0] * 4))
    assert {item.name for item in later} <= {"0.1", "0.2"} and len(later) == 4


def test_a_batch_of_one_does_not_hang():
    assert ReplayBuffer(CODE, 0).refill(0, batch(0, [0.5])) == []
    assert len(ReplayBuffer(PAPER, 0).refill(0, batch(0, [0.5]))) == 1


@pytest.mark.parametrize("settings", [PAPER, Replay(clear_every=4), CODE], ids=repr)
def test_a_restored_buffer_goes_on_exactly(settings):
    def advantages(step):
        return batch(step, [(step * 7 + number * 5) % 9 / 4 - 1 for number in range(8)])

    whole = ReplayBuffer(settings, 3)
    updates = [whole.refill(step, advantages(step)) for step in range(3)]
    late = ReplayBuffer(settings, 3)
    late.restore(whole.items())
    assert [late.refill(step, advantages(step)) for step in (3, 4)] == [
        whole.refill(step, advantages(step)) for step in (3, 4)
    ]
    assert updates != [ReplayBuffer(settings, 4).refill(step, advantages(step)) for step in range(3)]


def test_zero_advantage_has_no_probability_whatever_the_exponent():
    assert probabilities([0.0, -2.0, 1.0], alpha=0.0) == [0.0, 0.5, 0.5]
    assert probabilities([0.0, -2.0, 1.0], alpha=2.0) == [0.0, 0.8, 0.2]
    assert probabilities([0.0, 0.0]) is None
