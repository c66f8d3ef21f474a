import time

import pytest

from rlvr import answers

HOSTILE = [
    "<answer>" * 12_500,
    "<answer>1 " * 10_000,
    "</answer><answer>" * 6_000,
    "[" * 100_000,
    "<answer>" + " " * 100_000,
    "<answer>" + "1" * 100_000,
    "<think></think>** 1" + " " * 100_000,
    "<think></think>** 1" + " a" * 50_000,
    "<think></think>" + "so the answer is " * 6_000,
    "<think></think>so," + " " * 100_000,
    "<think></think>" + "there are 1" * 9_000,
    "<think></think>" + "*" * 100_000,
]


@pytest.mark.parametrize(
    ("text", "first", "first_line", "last"),
    [
        ("<answer> 3 </answer>", "3", "3", "3"),
        ("<answer>2</answer> then <answer>3</answer>", "2", "2", "3"),
        ("<answer>\n2\n</answer> <answer>3</answer>", "2", "3", "3"),
        ("<answer><answer>3</answer></answer>", "<answer>3", "<answer>3", "3"),
        ("<answer>3</answer> <answer>4", "3", "3", "3"),
        ("</answer> <answer>4", None, None, None),
        ("<answer></answer>", "", "", ""),
        ("4</answer>", None, None, None),
        ("<ANSWER>4</ANSWER>", None, None, None),
        ("", None, None, None),
    ],
)
def test_answer_spans(text, first, first_line, last):
    assert answers.answer_span(text) == first
    assert answers.one_line_answer_span(text) == first_line
    assert answers.last_answer_span(text) == last


def test_other_tags_have_spans_too():
    assert answers.tag_span("<think><chars>c a t</chars></think>", "chars") == "c a t"


@pytest.mark.parametrize(
    ("text", "number"),
    [(" 12 ", 12), ("-3", -3), ("+3", 3), ("3.0", None), ("3 items", None), ("٣", None), ("1_0", None), ("", None)],
)
def test_an_integer_is_the_whole_text(text, number):
    assert answers.integer(text) == number


def test_no_text_and_endless_digits_are_no_integer():
    assert answers.integer(None) is None
    assert answers.integer("9" * 100_000) is None


def test_slicing_does_not_notice_missing_tags():
    assert answers.sliced_answer("<answer> cat </answer>") == "cat"
    assert answers.sliced_answer("0123456789") == "78"


@pytest.mark.parametrize(
    ("conclusion", "answer"),
    [
        ("So the answer is **12**", "12"),
        ("Hence, YES", "yes"),
        ("**3** in all.\n\nFinal answer **4**", "4"),
        ("** 7 large cubes **\n\n\n\n", "7"),
        ("** 7 cubes**\n\n\n\n", "7"),
        (r"first \boxed{3}, then $\boxed{4}$" + "\n\n\n\n", "4"),
        ("There are 5 spheres.", "5"),
        ("I cannot say", None),
    ],
)
def test_conclusion_of_a_trace(conclusion, answer):
    assert answers.trace_conclusion(f"<think>t</think>\n{conclusion}") == answer
    assert answers.trace_conclusion(conclusion) is None, "a trace without thinking is rejected"


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:24])
def test_hostile_text_is_read_in_no_time(text):
    started = time.perf_counter()
    answers.answer_span(text)
    answers.one_line_answer_span(text)
    answers.last_answer_span(text)
    answers.sliced_answer(text)
    answers.digits_only_answer(text)
    answers.integer(text)
    answers.trace_conclusion(text)
    assert time.perf_counter() - started < 1
