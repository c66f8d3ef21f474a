import os
import signal
import threading
import time

import pytest

from rlvr.rewards import digits, math_accuracy, message_decoding, symbolic, think_format

TAGS = ("<think>", "</think>", "<answer>", "</answer>", "<chars>", "</chars>", "</think><answer>", "</think>\n<answer>")
HOSTILE = [
    *(tag * (100_000 // len(tag)) for tag in TAGS),
    "<think>" + "</think><answer>" * 6_000,
    "<think>" + "</think>\n<answer>" * 6_000 + "</answer> ",
    "<think>" + "<chars></chars>" * 6_000 + "</think>\n<answer></answer>",
    "<think>" + "</think>" + " " * 100_000,
    "<think>" + "<" * 100_000,
    "<answer>" + "[" * 100_000 + "</answer>",
    "<answer>" + "1," * 50_000 + "</answer>",
    "<answer>" + "9" * 100_000 + "</answer>",
    "<think><chars>" + "c " * 50_000 + "</chars></think>\n<answer>" + "cat " * 1_000 + "</answer>",
    "$" + "(" * 50_000 + "1" + ")" * 50_000 + "$",
]

COLUMNS = {
    "solution": "<answer> 3 </answer>",
    "answer": "[3, 5]",
    "answer_kind": "digit_list",
    "decoded_message": "cat dog",
    "coded_message": "a b c _ d e f",
}

REWARDS = [
    math_accuracy.accuracy,
    think_format.fullmatch,
    think_format.published_run,
    think_format.one_newline,
    digits.correctness,
    message_decoding.word_correctness,
    message_decoding.chars_intermediate,
    message_decoding.correctness,
    message_decoding.correctness_intermediate,
    message_decoding.chars_format,
]


def columns(rows):
    return {name: [value] * rows for name, value in COLUMNS.items()}


@pytest.fixture(scope="module", autouse=True)
def warm_worker():
    """Starting the child process is not part of any time that is measured here."""
    assert symbolic.equal("1", "1") is True


@pytest.mark.parametrize("reward", REWARDS, ids=lambda reward: f"{reward.__module__}.{reward.__name__}")
def test_hostile_text_is_scored_in_no_time(reward):
    for text in HOSTILE:
        started = time.perf_counter()
        (score,) = reward([text], **columns(1))
        assert time.perf_counter() - started < 1, text[:40]
        assert score is not None and 0 <= score <= 1


@pytest.mark.parametrize("reward", REWARDS, ids=lambda reward: f"{reward.__module__}.{reward.__name__}")
def test_every_completion_is_scored_by_itself(reward):
    texts = ["", "<think>a</think>\n<answer>3</answer>", "<answer>[3, 5]</answer>", "x"]
    together = reward(texts, **columns(len(texts)))
    assert together == [reward([text], **columns(1))[0] for text in texts]
    assert reward([], **columns(0)) == []


@pytest.mark.parametrize(
    ("text", "fullmatch", "published_run", "one_newline"),
    [
        ("<think>a</think><answer>b</answer>", 1, 1, 0),
        ("<think>a</think>\n<answer>b</answer>", 1, 1, 1),
        ("<think>a</think>\n<answer>b</answer>\n", 0, 1, 1),
        ("<think>a\nb</think>\n<answer>b</answer>", 1, 0, 1),
        ("<think>a</think>\n<answer>b\nc</answer>", 1, 0, 1),
        ("<think>a</think> \n \n <answer>b</answer> and more", 0, 1, 0),
        ("<think>a</think>\n<answer>b", 0, 0, 0),
        ("<think>a</think><answer>b\n</think>\n<answer>c</answer>", 1, 0, 0),
        ("<think>a<think>b</think>\n<answer>c</answer>", 1, 1, 0),
        ("Let me solve this step by step.\n<think>a</think>\n<answer>b</answer>", 0, 0, 1),
        ("<think></answer>", 0, 0, 0),
    ],
)
def test_formats(text, fullmatch, published_run, one_newline):
    assert think_format.fullmatch([text]) == [fullmatch]
    assert think_format.published_run([text]) == [published_run]
    assert think_format.one_newline([text]) == [one_newline]


def test_digits_are_judged_row_by_row():
    texts = ["<answer>[3, 5]</answer>", "<answer>8</answer>", "<answer>8</answer>", "<answer>8</answer>", "8"]
    answers = ["[5, 3]", "8", "[8]", "yes", "8"]
    kinds = ["digit_list", "integer", "digit_list", "text", "integer"]
    assert digits.correctness(texts, answer=answers, answer_kind=kinds) == [1, 1, 1, None, 0]


def test_accuracy_is_symbolic_or_textual():
    solutions = ["<answer> 0.5 </answer>", "<answer> yes </answer>", "<answer> yes </answer>", "<answer> 3 </answer>"]
    texts = ["<answer> 1/2 </answer>", "<answer>yes</answer>", "<answer>Yes</answer>", "<answer>3.0</answer>"]
    assert math_accuracy.accuracy(texts, solution=solutions) == [1, 1, 0, 0]


def test_symbolic_equality_tells_unreadable_from_different():
    assert symbolic.equal("the angle is 140", "140°") is True
    assert symbolic.equal("the angle is 40", "140°") is False
    assert symbolic.equal("no idea", "140°") is None
    assert symbolic.equal("1 " * symbolic.MAX_CHARACTERS, "1") is None
    assert symbolic.equal("\ud800 3", "3") is not False


def test_endless_arithmetic_is_stopped_and_the_next_pair_answered(monkeypatch):
    monkeypatch.setattr(symbolic, "CPU_SECONDS", 0.3)
    worker = symbolic._Worker()
    try:
        assert worker.ask(["<answer> 1/2 </answer>", "0.5"]).equal
        assert worker.ask(["$9^{9^{9^{9}}}$", "3"]).failed
        assert worker.ask(["<answer> 9**9**9**9 </answer>", "3"]).failed
        assert worker.ask(["<answer> 1/4 </answer>", "0.25"]).equal
    finally:
        worker.close()


def test_a_killed_worker_is_replaced():
    worker = symbolic._Worker()
    try:
        assert worker.ask(["2", "2"]).equal
        assert worker._process is not None
        os.kill(worker._process.pid, signal.SIGKILL)
        worker._process.wait()
        assert worker.ask(["2", "2"]).equal
    finally:
        worker.close()


def test_symbolic_equality_outside_the_main_thread():
    results = {}

    def ask(number):
        results[number] = symbolic.equal(f"<answer> {number}/2 </answer>", str(number / 2))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == dict.fromkeys(range(1, 9), True)


def test_a_forked_child_has_a_worker_of_its_own():
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = int(symbolic.equal("<answer> 9/3 </answer>", "3") is not True)
            symbolic._pool.close()
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    assert symbolic.equal("<answer> 12/3 </answer>", "4") is True


def test_perfect_decoding_earns_every_message_reward():
    text = "Let me solve this step by step.\n<think>go <chars>c a t _ d o g</chars></think>\n<answer>cat dog</answer>"
    message = {"decoded_message": ["cat dog"], "coded_message": ["a b c _ d e f"]}
    for reward in REWARDS[-4:]:
        assert reward([text], **message) == [1]


def test_the_code_itself_earns_nothing():
    text = "<chars>a b c _ d e f</chars> <answer>a b c _ d e f</answer>"
    message = {"decoded_message": ["cat dog"], "coded_message": ["a b c _ d e f"]}
    for reward in REWARDS[-4:]:
        assert reward([text], **message) == [0]
