import time

import pytest
import torch

from chat_server import says, serve
from rlvr.boxed import box_spans, last_boxed
from rlvr.method import Judge
from rlvr.rewards import (
    box_with_thoughts,
    boxed_math,
    candidate_accuracy,
    character_cosine,
    judged_candidate,
    line_tags,
    symbolic,
    tag_counts,
    tagged_math,
    word_runs,
)
from rlvr.rewards.answer_candidates import candidates
from rlvr.rewards.loose_text import alike, heavy, light
from rlvr.rl.length_weight import length_weights

BOX = "\\boxed{"
PIECES = (
    "<think>", "</think>", "<answer>", "</answer>", "<answer></answer>", BOX, BOX + "}", "{", "}", "so", "so\n",
    "= ", "answer:\n", "\n", " ", ".", "! ", "\\text{", "\\sqrt(", "\\frac{", "frac(", "^{", "1 ", "9", "in ", "cm ",
    "-", ",",
)  # fmt: skip
HOSTILE = [
    *(piece * (100_000 // len(piece)) for piece in PIECES),
    "so" + "\n" * 100_000 + ".",
    "so" + " " * 50_000 + ":" + "\n" * 50_000 + ".",
    "\n" * 100_000 + "<think>" * 1_000,
    "<think>" + "</think>" * 10_000 + BOX * 1_000,
    "<answer>" + BOX + "{" * 50_000 + "}" * 50_001 + "</answer>",
    "<answer>" + BOX + "9" * 100_000 + "}</answer>",
    "word " * 20_000,
]

REWARDS = [
    tagged_math.dollar_gold,
    tagged_math.bare_gold,
    tagged_math.strict,
    boxed_math.last_box,
    boxed_math.strict,
    tag_counts.instruct,
    tag_counts.instruct_ended,
    tag_counts.pretrain,
    candidate_accuracy.accuracy,
    candidate_accuracy.before_judge,
    candidate_accuracy.strict,
    box_with_thoughts.accuracy,
    box_with_thoughts.form,
    line_tags.one_each,
    word_runs.repetition,
]


@pytest.fixture(scope="module", autouse=True)
def warm_worker():
    """Starting the child process is not part of any time that is measured here."""
    assert symbolic.equal("1", "1") is True


@pytest.mark.parametrize("reward", REWARDS, ids=lambda reward: f"{reward.__module__}.{reward.__name__}")
def test_hostile_text_is_scored_in_no_time(reward):
    for text in HOSTILE:
        started = time.perf_counter()
        (score,) = reward([text], answer=["3.5"])
        # Two expressions may use up their processor time before they count as different.
        assert time.perf_counter() - started < 8, text[:40]
        assert score is not None and -0.5 <= score <= 1


def test_hostile_text_needs_linear_time_outside_math_verify(monkeypatch):
    monkeypatch.setattr(symbolic, "MAX_CHARACTERS", 0)
    symbolic.compare.cache_clear()
    for reward in REWARDS:
        for text in HOSTILE:
            started = time.perf_counter()
            reward([text], answer=["3.5"])
            assert time.perf_counter() - started < 2, (reward, text[:40])
    symbolic.compare.cache_clear()


@pytest.mark.parametrize("reward", REWARDS, ids=lambda reward: f"{reward.__module__}.{reward.__name__}")
def test_every_completion_is_scored_by_itself(reward):
    texts = ["", "<think>a</think>\n<answer> \\boxed{3} </answer>", "<answer>3</answer>", "x"]
    together = reward(texts, answer=["3"] * 4)
    assert together == [reward([text], answer=["3"])[0] for text in texts]
    assert reward([], answer=[]) == []


def reply(answer):
    return f"<think> r </think><answer> {answer} </answer>"


def test_unreadable_golds_pay_everything_except_in_the_strict_form():
    texts, golds = [reply("$99$")] * 3, ["left", "\\frac{1}{", "B"]
    assert tagged_math.bare_gold(texts, answer=golds)[::2] == [1, 1]
    assert tagged_math.dollar_gold([reply("C")], answer=["B"]) == [0]
    assert tagged_math.strict(texts, answer=golds) == [0, 0, 0]
    assert tagged_math.strict([reply("left"), reply("B"), reply("$\\frac12$")], answer=["left", "B", "0.5"]) == [
        1,
        1,
        1,
    ]


def test_letters_count_alone():
    golds = ["B", "B", "C", "E"]
    texts = [reply("B."), reply("(B) cat"), reply("C) fig"), reply("D")]
    assert tagged_math.dollar_gold(texts, answer=golds) == [1, 0, 1, 0]


def test_truncated_replies_are_not_paid_by_internvl():
    text = reply("$2$")
    for reward in (tagged_math.bare_gold, boxed_math.last_box, tag_counts.instruct_ended):
        assert reward([text + " \\boxed{2}"], answer=["2"], truncated=[True]) == [0]
    assert tagged_math.dollar_gold([text], answer=["2"], truncated=[True]) == [1]


def test_the_box_must_follow_the_reasoning_to_be_strict():
    text = "<think> \\boxed{2} </think><answer> no </answer>"
    assert boxed_math.last_box([text], answer=["2"]) == [1]
    assert boxed_math.strict([text], answer=["2"]) == [0]


def test_boxes():
    assert last_boxed("\\boxed{\\frac{1}{2}} and \\boxed{3") == "\\frac{1}{2}"
    assert last_boxed("}{ \\boxed{a}") == "a"
    assert last_boxed("none") is None
    assert box_spans("\\boxed{\\boxed{x}}") == [(7, 16), (14, 15)]
    assert boxed_math.last_outer_box("\\boxed{1} \\boxed{\\boxed{2}}") == "\\boxed{\\boxed{2}}"


def test_formats():
    long = "<think>" + "r" * 300 + "</think><answer>b</answer>"
    assert tag_counts.pretrain([long, long + "\n", " " + long, long.replace("r", "", 1)]) == [1, 1, 0, 0]
    assert tag_counts.instruct([f"so {long} end", long + "<answer>", "<think></think><answer>b</answer>"]) == [
        0.5,
        0,
        0,
    ]
    assert line_tags.one_each(
        ["note\n<think>a</think>\n<answer>b</answer> \nend", "a <think>b</think><answer>c</answer>"]
    ) == [1, 0]


def test_mmr1_pays_any_letter_for_some_golds_except_in_the_strict_form():
    for gold, paid in zip("ABEFN", (1, 0.1, 1, 1, 1), strict=True):
        assert candidate_accuracy.accuracy([reply("\\boxed{D}")], answer=[gold]) == [paid]
        assert candidate_accuracy.strict([reply("\\boxed{D}")], answer=[gold]) == [0]
    assert candidate_accuracy.accuracy([reply("7"), reply("\\boxed{13}")], answer=["7", "3"]) == [0.5, 1]
    strict = [reply("\\boxed{(B) five}"), reply("\\boxed{13}"), reply("\\boxed{\\frac{1}{2}}"), reply("7")]
    assert candidate_accuracy.strict(strict, answer=["B", "3", "0.5", "7"]) == [1, 0, 1, 0]


def test_a_judge_looks_at_what_the_rule_does_not_accept(monkeypatch):
    verdicts = {"half": "They agree. <judge>0</judge>", "9": "<judge>1</judge>", "8": "no idea"}

    def answer(request, number):
        text = request["messages"][-1]["content"]
        return says(next(verdict for given, verdict in verdicts.items() if f"\n{given}\n" in text))

    texts = [reply(f"\\boxed{{{given}}}") for given in ("half", "9", "8", "7 km")]
    columns = {"answer": ["0.5", "7 km", "7 km", "7 km"], "prompt": ["How long?"] * 4}
    assert judged_candidate.accuracy(texts, **columns) == [0, 0, 0, 1]
    with serve(answer) as server:
        monkeypatch.setenv("RLVR_JUDGE_URL", server.url)
        assert judged_candidate.accuracy(texts, judge=Judge(model="m", attempts=1), **columns) == [1, 0, 0, 1]
        assert len(server.requests) == 3


def test_candidates_are_found_in_order():
    assert candidates("<answer> a </answer> \\boxed{b} so: c. The answer is d.") == ["a", "b", "c"]
    assert candidates("reason: equals.") == ["n: equals", "s", "reason: equals."]
    assert candidates("x" * 300) == ["x" * 200]


def test_normal_forms():
    assert light("\\text{5} cm") == "5" and light("frac12") == "\\frac{1}{2}" and light("inside") == "ide"
    assert heavy("Dark red.") == "dark red" and heavy("not sure") == "falset sure" and heavy("None") == "falsene"
    assert alike("dark red", "red") and not alike("blue", "red")


def test_mathruler_compares_parts():
    pairs = [
        ("(1, 2)", "(1,2)", 1),
        ("[1,2]", "(1,2)", 0),
        ("2/4", "1/2", 0),
        ("0.5", "\\frac{1}{2}", 1),
        ("2.5", "2", 0),
    ]
    for given, truth, same in pairs:
        assert box_with_thoughts.same(given, truth) is bool(same), (given, truth)


def test_repetition_and_length():
    assert word_runs.repetition(["a " * 41, "a " * 39]) == [-0.25, 0]
    bounds = {"of_wrong": (-1.0, -0.5), "of_right": (0.5, 1.0)}
    assert character_cosine.value(0, 100, right=True, **bounds) == 1.0
    assert character_cosine.value(100, 100, right=False, **bounds) == -0.5


def test_groups_in_which_longer_is_not_better_weigh_less():
    rewards = torch.tensor([[1.5, 0.0, 0.0], [1.5, 0.0, 0.0], [0.0, 0.0, 0.5], [1.5, 1.5, 1.5], [1.5, 0.0, 0.0]])
    lengths = torch.tensor([[30, 10, 20], [10, 10, 20], [10, 20, 30], [10, 20, 30], [30, 90, 20]])
    assert length_weights(rewards, lengths, 0.25, longest=80)[:, 0].tolist() == [1, 0.25, 1, 0.25, 1]
