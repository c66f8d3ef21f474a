"""Rewards that raise, hang or give no number on one completion: the row is named, or the completion counts as zero."""

import re
import threading
import time
from dataclasses import replace

import faulty_rewards
import pytest
import table
from small_training import grpo_stage, metrics, notes, train

from rlvr.data.rows import read
from rlvr.errors import RlvrError
from rlvr.method import Reward
from rlvr.rl.reward_call import call_reward
from rlvr.rl.time_limit import OutOfTimeError, time_limit
from rlvr.training import Faults

ZERO = Faults(reward="zero")


def with_reward(method, function):
    return [replace(method.tasks[0], rewards=(Reward(function=function),))]


@pytest.fixture(scope="module")
def expected(digits_method, tiny_base, digit_rows, tmp_path_factory):
    """A run whose reward gives zero to what the faulty ones fail on."""
    folder = tmp_path_factory.mktemp("zero")
    tasks = with_reward(digits_method, faulty_rewards.as_zero)
    return train(grpo_stage(digits_method), digits_method, tiny_base, digit_rows, folder, tasks=tasks)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (faulty_rewards.raising, 'raised KeyError: "the judge\'s table"'),
        (faulty_rewards.not_finite, "returned nan"),
    ],
)
def test_a_faulty_reward_stops_by_name_or_counts_as_zero(
    function, message, expected, digits_method, tiny_base, digit_rows, tmp_path, monkeypatch
):
    path, tasks = tmp_path / "progress.jsonl", with_reward(digits_method, function)
    monkeypatch.setenv("RLVR_PROGRESS", str(path))
    with pytest.raises(RlvrError, match=re.escape(message)) as caught:
        train(grpo_stage(digits_method), digits_method, tiny_base, digit_rows, tmp_path, tasks=tasks)
    named = re.search(r"^Stage grpo, step (\d): Reward .* \(row ([0-9a-f]{16}), completion '", str(caught.value))
    assert named and named[2] in {row["row_id"] for row in read(digit_rows)}
    path.write_text("")
    stage = grpo_stage(digits_method, reward="zero")
    digest = train(stage, digits_method, tiny_base, digit_rows, tmp_path / "zero", tasks=tasks)
    counted = sum(line["reward_faults"] for line in metrics(tmp_path / "zero"))
    table.record("training", f"reward {message.partition(':')[0]}", tried=2, repeated=1, lost=int(digest != expected))
    assert digest == expected and counted > 0
    told = [note for note in notes(path) if "it counts as 0" in note]
    assert len(told) == counted and all(re.match(rf"step \d: reward .* {re.escape(message)}", note) for note in told)


def call(function, texts):
    return lambda numbers: function([texts[number] for number in numbers])


def test_a_reward_that_hangs_is_interrupted():
    texts = ["abc", "abcde", "abcdefg", "abcd"]
    for faults in (Faults(), ZERO):
        found = call_reward(call(faulty_rewards.hanging, texts), len(texts), "hanging", faults, 1.0)
        lost = found.problems.keys() != {1}
        table.record("training", "reward hangs", tried=1, repeated=1, lost=int(lost))
        assert found.problems == {1: "took longer than 1 s"}
    assert found.values == [0.3, 0.0, 0.7, 0.4]


def test_regular_expressions_are_interrupted():
    with pytest.raises(OutOfTimeError), time_limit(0.5):
        re.fullmatch(r"(a+)+b", "a" * 64)


def test_outside_the_main_thread_there_is_no_limit():
    done = []

    def work():
        with time_limit(1e-6):
            done.append(sum(range(1000)))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [499500]


def test_a_reward_that_fails_everywhere_ends_the_stage_all_the_same():
    texts = ["a", "b", "c"]
    with pytest.raises(RlvrError, match=r"failed for every one of 3 completions.* The first: raised KeyError: 'no'"):
        call_reward(call(faulty_rewards.always_raising, texts), 3, "always_raising", ZERO, 60.0)


def test_a_reward_that_fails_on_a_batch_alone_is_no_completion_s_fault():
    def only_alone(numbers):
        if len(numbers) > 1:
            raise ValueError("one at a time")
        return [1.0]

    with pytest.raises(RlvrError, match="raised ValueError: one at a time, for 3 completions together but for none"):
        call_reward(only_alone, 3, "only_alone", ZERO, 60.0)


def test_a_batch_that_takes_longer_than_one_may_is_scored_all_the_same():
    def slow(numbers):
        time.sleep(0.4 * len(numbers))
        return [float(len(numbers))] * len(numbers)

    found = call_reward(slow, 5, "slow", Faults(), 1.5)
    assert (found.values, found.problems) == ([5.0] * 5, {})


def test_the_others_are_scored_together():
    """A reward that compares completions gives what it gives without the faulty one."""

    def ranks(numbers):
        if 2 in numbers:
            raise ValueError("two")
        return [sorted(numbers).index(number) / len(numbers) for number in numbers]

    assert call_reward(ranks, 4, "ranks", ZERO, 60.0).values == [0.0, 1 / 3, 0.0, 2 / 3]
