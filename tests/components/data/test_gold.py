"""Every answer gets a wrong counterpart, and the task's rewards are asked about both."""

import re

import pytest

from rlvr.data.gold import judged_scores, wrong_answer
from rlvr.data.source import Source
from rlvr.method import Judge, Reward, Task
from rlvr.prompts import Prompt


def exact(completions, answer, **columns):
    spans = [re.search(r"<answer>(.*?)</answer>", text) for text in completions]
    return [float(bool(span) and span[1] == gold) for span, gold in zip(spans, answer, strict=True)]


def boxed(completions, answer, **columns):
    return [float(rf"\boxed{{{gold}}}" in text) for text, gold in zip(completions, answer, strict=True)]


def form(completions, **columns):
    return [float("<think>" in text) for text in completions]


def hard_to_read(completions, answer, **columns):
    if "broken" in answer:
        raise ValueError("cannot parse 'broken'\nsecond line")
    return [
        None if gold == "skipped" else score for gold, score in zip(answer, exact(completions, answer), strict=True)
    ]


def never_called(completions, **columns):
    raise AssertionError("a judge costs money")


def task(*functions, judge=None):
    rewards = [Reward(function=function) for function in functions]
    rewards += [Reward(function=never_called, judge=judge)] if judge else []
    source = Source(name="s", title="S", convert=dict)
    return Task(name="t", source=source, prompt=Prompt(template="{question}"), rewards=tuple(rewards))


def row(answer):
    return {
        "row_id": "0",
        "task": "t",
        "source": "s",
        "images": [],
        "prompt": "q",
        "answer": answer,
        "answer_kind": "x",
    }


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        ("5", "100010"),
        ("-5", "100000"),
        ("0", "100000"),
        ("1e3", "100002e3"),
        ("2.5", "100005.0"),
        ("A", "B"),
        ("(Z)", "(A)"),
        ("Yes", "No"),
        ("false", "true"),
        ("1/1", "987654321"),
        ("$$1:1$$", "987654321"),
        (r"\sqrt{3}", "987654321"),
        ("10^5", "987654321"),
        ("[10, 20, 30, 40]", "[100020, 100040, 100060, 100080]"),
        ('{"bbox_2d": [1, 2, 3, 4]}', '{"bbox_2d": [100002, 100004, 100006, 100008]}'),
        ("dog", "no such answer"),
        ("", "no such answer"),
        ("9" * 5000, "100000"),
    ],
)
def test_wrong_answers_differ(answer, wrong):
    assert wrong_answer(answer) == wrong


def test_scores_of_right_and_wrong():
    scores, errors, _ = judged_scores(task(exact, form), [row("5"), row("A")])
    assert scores == [{f"{__name__}.exact": (1.0, 0.0), f"{__name__}.form": (1.0, 1.0)}] * 2
    assert errors == ["", ""]


def test_boxed_answers_are_tried():
    scores, *_ = judged_scores(task(boxed), [row("5"), row(r"\frac{1}{2}")])
    assert scores == [{f"{__name__}.boxed": (1.0, 0.0)}] * 2


def test_a_reward_that_raises_names_its_row_alone():
    scores, errors, _ = judged_scores(task(hard_to_read), [row("5"), row("broken"), row("skipped")])
    name = f"{__name__}.hard_to_read"
    assert [found[name] for found in scores] == [(1.0, 0.0), (None, None), (None, None)]
    assert errors == ["", f"{name} raises ValueError: cannot parse 'broken'", ""]


def test_judges_are_not_asked():
    scores, *_ = judged_scores(task(form, judge=Judge(model="m")), [row("5")])
    assert scores == [{f"{__name__}.form": (1.0, 1.0)}]
