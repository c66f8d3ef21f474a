"""Accuracy by option, the tight format, and the answer rules of CV-Bench, MMMU and CLEVR-CoGenT."""

import time

import pytest

from rlvr.rewards import math_accuracy, option_accuracy, symbolic, think_format
from rlvr.scoring import clevr_cogent, cv_bench, mmmu

HOSTILE = [
    *(tag * (100_000 // len(tag)) for tag in ("<answer>", "</answer>", "A ", "[A]", "</think><answer>")),
    "<answer>\nx" * 9_000 + "</answer>" * 9_000,
    "<answer>\n\n" * 9_000 + "</answer>",
    "<think>" + "</think><answer>" * 6_000 + "</answer> ",
    "<answer>" + "left" * 20_000 + "</answer>",
]


@pytest.mark.parametrize(
    ("answer", "truth", "score"),
    [
        ("left", "left", 1),
        ("Left", "left", 0),
        ("left.", "left", 0),
        ("A or B", "B", 1),
        ("A or B", "A", 0),
        ("A B", "A", 1),
        ("B.", "B", 0),
        ("(B)", "B", 1),
        ("[B]", "B", 1),
        ("I", "I", 1),
        ("x I", "I", 0),
        ("1/2", "0.5", 0),
        (" 1/2 ", " 0.5 ", 1),
    ],
)
def test_option_accuracy(answer, truth, score):
    given, solution = f"<think>r</think><answer>{answer}</answer>", f"<answer>{truth}</answer>"
    assert option_accuracy.accuracy([given], solution=[solution]) == [score]


def test_strict_accuracy_reads_the_last_tag_alone():
    texts = ["So it is 3", "<answer>4</answer><answer> 3 </answer>", "<answer>3.0</answer>", "<answer>3</answer>"]
    assert math_accuracy.accuracy(texts, solution=["<answer> 3 </answer>"] * 4) == [1, 1, 0, 1]
    assert math_accuracy.strict(texts, solution=["<answer> 3 </answer>"] * 4) == [0, 1, 1, 1]
    assert option_accuracy.strict(["A", "<answer>A</answer>"], solution=["<answer>A</answer>"] * 2) == [0, 1]


def test_tight_format():
    good = [
        "<think>a</think><answer>b</answer>",
        "<think>a</think><answer>b</answer>\n",
        "<think></think><answer></answer>",
    ]
    bad = [
        "<think>a</think> <answer>b</answer>",
        "<think>a\n</think><answer>b</answer>",
        "<think>a</think><answer>b</answer>\n\n",
        "<think></answer>",
        "x<think>a</think><answer>b</answer>",
    ]
    assert think_format.tight(good + bad) == [1.0] * len(good) + [0.0] * len(bad)


@pytest.mark.parametrize(
    ("text", "published", "strict"),
    [
        ("<answer>(a)</answer>", 1, 1),
        ("<answer>left</answer>", 1, 1),
        ("<answer>\nleft\n</answer>", 1, 1),
        ("<answer>Left</answer>", None, 1),
        ("I think it is left", 1, None),
        ("<answer>right</answer>", 0, 0),
        ("<answer></answer>", None, None),
        ("<answer>(B)</answer><answer>(A)</answer>", 0, 1),
        ("<answer>a\nb</answer> <answer>A</answer>", 1, 1),
    ],
)
def test_cv_bench_rules(text, published, strict):
    row = {"answer": ["left"], "options": [["left", "right"]]}
    assert cv_bench.published([text], **row) == [published]
    assert cv_bench.strict([text], **row) == [strict]


def test_cv_bench_takes_the_prefilled_tag_off():
    row = {"answer": ["left"], "options": [["left", "right"]]}
    assert cv_bench.published(["<think>left"], **row) == [None]
    assert cv_bench.published_continued(["<think>left"], **row) == [1]


@pytest.mark.parametrize(
    ("text", "truth", "kind", "published", "strict"),
    [
        ("<answer>(B)</answer>", "B", "letter", 1, 1),
        ("<answer>7</answer>", "B", "letter", 1, 1),
        ("the answer is A", "B", "letter", 0, None),
        ("<answer>neither of them</answer>", "B", "letter", None, None),
        ("<answer>12.001</answer>", "['12', 'twelve']", "open", 1, 1),
        ("<answer>it is twelve</answer>", "['12', 'twelve']", "open", 1, 0),
        ("<answer>13</answer>", "12", "open", 0, 0),
    ],
)
def test_mmmu_rules(text, truth, kind, published, strict):
    row = {"answer": [truth], "answer_kind": [kind], "options": [["5", "7"] if kind == "letter" else None]}
    assert mmmu.published([text], **row) == [published]
    assert mmmu.strict([text], **row) == [strict]


def test_clevr_cogent_rules():
    texts = ["<answer> yes </answer>", "<answer>Yes</answer>", "it is so", "<answer>no</answer>"]
    rows = {"answer": ["yes"] * 4, "solution": ["<answer> yes </answer>"] * 4}
    assert clevr_cogent.published(texts, **rows) == [1, 0, None, 0]
    assert clevr_cogent.strict(texts, **rows) == [1, 1, None, 0]


def test_hostile_text_is_scored_in_no_time():
    assert symbolic.equal("1", "1") is True
    columns = {
        "solution": ["<answer>left</answer>"],
        "answer": ["left"],
        "options": [["left", "right"]],
        "answer_kind": ["letter"],
    }
    rules = (
        *(option_accuracy.accuracy, option_accuracy.strict, math_accuracy.strict, think_format.tight),
        *(cv_bench.published, cv_bench.strict, mmmu.published, clevr_cogent.published, clevr_cogent.strict),
    )
    for text in HOSTILE:
        for rule in rules:
            started = time.perf_counter()
            (score,) = rule([text], **columns)
            assert time.perf_counter() - started < 2, (rule, text[:40])
            assert score is None or 0 <= score <= 1
