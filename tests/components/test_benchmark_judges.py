"""Benchmarks that their publications let a language model score: a real server asked, and the rules that stand in."""

import json
from dataclasses import replace

import pytest

import chat_server
from rlvr.benchmarks import dream_1k, mm_vet, superclevr_200
from rlvr.benchmarks.benchmark import Benchmark
from rlvr.canonical import load, plain
from rlvr.method import Judge
from rlvr.scoring import judge_verdict, told_events, word_parts

JUDGE = Judge(model="a-judge", attempts=1, timeout_seconds=5.0)


@pytest.fixture
def served(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("RLVR_JUDGE_CACHE", raising=False)

    def start(reply):
        server = chat_server.serve(lambda request, _: reply(*(turn["content"] for turn in request["messages"])))
        return server

    def scores(reply, benchmark, completions, **columns):
        with start(reply) as server:
            monkeypatch.setenv("RLVR_JUDGE_URL", server.url)
            return judge_verdict.judged(JUDGE, benchmark, completions, columns), server

    return scores


@pytest.mark.parametrize(
    ("reply", "answer", "by_published", "by_strict"),
    [
        ("<answer>-1, -5</answer>", "-1<AND>-5", 1.0, 1.0),
        ("x = -1", "-1<AND>-5", 0.5, None),
        ("<answer>-1, -5, 7, 9</answer>", "-1<AND>-5", 1.0, 0.5),
        ("<answer>5</answer>", "-5", 0.0, 0.0),
        ("<answer>15</answer>", "5", 0.0, 0.0),
        ("I see Eight of them.", "8<OR>eight", 1.0, None),
        ("<answer>8 or 9</answer>", "8<OR>eight", 1.0, 0.0),
        ("<answer>the year 1,200 at 5:30</answer>", "5:30", 1.0, 0.0),
        ("<think>8", "8", None, None),
        ("<think>8</think>", "8", None, None),
        ("<answer></answer>", "8", 0.0, None),
    ],
)
def test_elements_are_found_as_whole_words(reply, answer, by_published, by_strict):
    assert word_parts.published([reply], answer=[answer]) == [by_published]
    assert word_parts.strict([reply], answer=[answer]) == [by_strict]


def test_words_stand_in_for_events():
    truth = "A man opens a door."
    assert told_events.word_f1("A man opens it.", truth) == pytest.approx(2 / 3)
    assert told_events.word_f1("a a a a a a", truth) == pytest.approx(2 * (2 / 5) * (2 / 6) / (2 / 5 + 2 / 6))
    assert told_events.published([truth, "<think>x</think>", "dog"], answer=[truth] * 3) == [1.0, None, 0.0]
    assert told_events.strict([f"<answer>{truth}</answer>", truth], answer=[truth] * 2) == [1.0, None]


def test_a_judge_gives_tenths_of_a_point(served):
    def reply(system, user):
        assert "<AND>" in system
        return chat_server.says("0.5" if "x = -1\n===" in user else "1.0 or so" if "unclear" in user else "1.0")

    texts = ["<think>hidden</think>x = -1", "x = -1, -5", "unclear", "", "<think>cut"]
    columns = {"prompt": ["What is x?"] * 5, "answer": ["-1<AND>-5"] * 5}
    scores, server = served(reply, mm_vet.BENCHMARK, texts, **columns)
    assert scores == [0.5, 1.0, None, 0.0, 0.0]
    assert "hidden" not in json.dumps(server.requests)


def test_a_judge_lists_and_compares_events(served):
    def reply(system, user):
        if system == told_events.LIST_SYSTEM:
            return chat_server.says(
                "nothing" if "mumbles" in user else '```json\n["A man opens a door.", "He jumps."]\n```'
            )
        events = [line for line in user.splitlines() if line[:1].isdigit()]
        return chat_server.says(json.dumps(["door" in event or "sits" in event for event in events]))

    texts = ["<answer>A man opens a door and jumps.</answer>", "He mumbles.", ""]
    events = [["A man opens a door.", "A man sits down.", "A dog barks."]] * 3
    scores, _ = served(
        reply, dream_1k.BENCHMARK, texts, prompt=["?"] * 3, answer=["A man opens a door."] * 3, events=events
    )
    assert scores == [pytest.approx(2 * (2 / 3) * (1 / 2) / (2 / 3 + 1 / 2)), None, 0.0]


@pytest.mark.parametrize("verdicts", ["[true]", '["yes", "no"]', "[true, false", "{}", "[" * 20_000])
def test_a_reply_of_another_form_is_no_verdict(served, verdicts):
    def reply(system, user):
        return chat_server.says('["one.", "two."]' if system == told_events.LIST_SYSTEM else verdicts)

    scores, _ = served(reply, dream_1k.BENCHMARK, ["a text"], prompt=["?"], answer=["x"], events=[["a", "b"]])
    assert scores == [None]
    assert word_parts.grade(verdicts) is None


@pytest.mark.parametrize(("text", "points"), [("1", 1.0), ("0.35", 0.35), ("0.7.", 0.7), ("1.1", None), ("-0", None)])
def test_points_lie_between_nothing_and_one(text, points):
    assert word_parts.grade(text) == points


def test_the_record_names_the_instruction_that_was_given(served):
    own = judge_verdict.record(JUDGE, mm_vet.BENCHMARK, [1.0], {"strict": [1.0]})
    plain_one = judge_verdict.record(JUDGE, superclevr_200.BENCHMARK, [1.0], {"strict": [1.0]})
    assert own["instruction_digest"] != plain_one["instruction_digest"]
    assert load(Benchmark, plain(dream_1k.BENCHMARK)).judge_rule == told_events.JUDGE
    assert all(printed.judged for printed in dream_1k.BENCHMARK.published)
    with_rule = replace(superclevr_200.BENCHMARK, judge_rule=word_parts.JUDGE)
    assert judge_verdict.record(JUDGE, with_rule, [None], {"strict": [0.0]})["agreement_percent"] == {"strict": None}
