import time

import pytest

from rlvr.rewards import symbolic as symbolic_equality
from rlvr.scoring import exact, symbolic


@pytest.mark.parametrize(
    ("text", "published", "strict"),
    [
        ("<answer> 5 </answer>", 1, 1),
        ("<answer>4</answer>", 0, 0),
        ("5", None, None),
        ("<answer>5 items</answer>", None, None),
        ("<answer>4</answer> no, <answer>5</answer>", 0, 1),
        ("<answer>about</answer> <answer>5</answer>", 1, 1),
        ("<answer>5</answer> <answer>about</answer>", 1, None),
        ("<answer>５</answer>", 1, None),
        ("<answer>-5</answer>", None, 0),
    ],
)
def test_counting_rules(text, published, strict):
    assert exact.superclevr_published([text], answer=["5"]) == [published]
    assert exact.strict_integer([text], answer=["5"]) == [strict]


@pytest.mark.parametrize(
    ("text", "kind", "truth", "published", "strict"),
    [
        ("<answer>[3, 5]</answer>", "digit_list", "[3, 5]", 1, 1),
        ("<answer>[3,5]</answer>", "digit_list", "[3, 5]", 1, 1),
        ("<answer>3, 5</answer>", "digit_list", "[3, 5]", 1, None),
        ("<answer>[5, 3]</answer>", "digit_list", "[3, 5]", 0, 0),
        ("<answer>[3, 5]</answer><answer>[3]</answer>", "digit_list", "[3, 5]", 1, 0),
        ("[3, 5]", "digit_list", "[3, 5]", None, None),
        ("<answer>8</answer>", "integer", "8", 1, 1),
        ("<answer>3 + 5 = 8</answer>", "integer", "8", 0, None),
        ("8", "integer", "8", None, None),
    ],
)
def test_digit_rules(text, kind, truth, published, strict):
    assert exact.digits_published([text], answer=[truth], answer_kind=[kind]) == [published]
    assert exact.digits_strict([text], answer=[truth], answer_kind=[kind]) == [strict]


def test_message_rules():
    texts = ["<answer>cat</answer>", "<answer>dog</answer> <answer>cat</answer>", "<answer>Cat</answer>", "cat"]
    truths = ["cat"] * 4
    assert exact.message_published(texts, decoded_message=truths) == [1, 0, 0, None]
    assert exact.message_strict(texts, decoded_message=truths) == [1, 1, 0, None]


def test_geometry_rules():
    texts = [
        "the angle is 140",
        "it is 40 <answer>140°</answer>",
        "<answer>no idea</answer>",
        "140 <answer>40</answer>",
    ]
    truths = ["140°"] * 4
    # The published rule reads the whole output, where another number may be found first.
    assert symbolic.geoqa_published(texts, answer=truths) == [1, 0, None, 1]
    assert symbolic.geoqa_strict(texts, answer=truths) == [None, 1, None, 0]


def test_hostile_text_is_scored_in_no_time():
    assert symbolic_equality.equal("1", "1") is True  # starts the child process
    hostile = [
        *(tag * (100_000 // len(tag)) for tag in ("<answer>", "</answer>", "<answer>1", "[", "<answer>[")),
        "<answer>" + "1" * 100_000 + "</answer>",
        "<answer>[" + "1," * 50_000 + "</answer>",
        "<answer>[" + " " * 100_000 + "</answer>",
    ]
    for text in hostile:
        started = time.perf_counter()
        scores = [
            *exact.superclevr_published([text], answer=["5"]),
            *exact.strict_integer([text], answer=["5"]),
            *exact.digits_published([text], answer=["[5]"], answer_kind=["digit_list"]),
            *exact.digits_strict([text], answer=["[5]"], answer_kind=["digit_list"]),
            *exact.message_published([text], decoded_message=["cat"]),
            *exact.message_strict([text], decoded_message=["cat"]),
            *symbolic.geoqa_published([text], answer=["5"]),
            *symbolic.geoqa_strict([text], answer=["5"]),
        ]
        assert time.perf_counter() - started < 1, text[:40]
        assert all(score is None or score == 0 for score in scores)
