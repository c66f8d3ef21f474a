import pytest

from rlvr.scoring import chart_qa, letter_or_value, logic_vista, math_vision, math_vista
from rlvr.scoring.final_answer import final_answer, number, option, said_answer
from rlvr.scoring.inferred_option import inferred_option


@pytest.mark.parametrize(
    ("text", "final", "said"),
    [
        ("<answer> $\\boxed{4}$ </answer>", "4", "4"),
        ("\\boxed{3} then \\boxed{\\text{B}}", "B", "B"),
        ("<answer>a</answer> and <answer>(C)</answer>", "(C)", "(C)"),
        ("\\boxed{1} <answer>2</answer>", "2", "2"),
        ("So the answer is **(B)**.\nDone", None, "(B)"),
        ("7", None, "7"),
        ("a long tale " * 20, None, None),
        ("<answer></answer>", None, None),
        ("", None, None),
    ],
)
def test_answers_are_found(text, final, said):
    assert (final_answer(text), said_answer(text)) == (final, said)


def test_options_and_numbers():
    choices = ["first", "second"]
    assert [option(text, choices) for text in ("B", "(a)", "b. second", "Second", "C", "a cat")] == [
        1,
        0,
        1,
        1,
        None,
        None,
    ]
    assert [number(text) for text in ("1,000", "30°", "50\\%", "-2.5", ".", "1e9", "x")] == [
        1000,
        30,
        50,
        -2.5,
        None,
        None,
        None,
    ]


def vista(rule, texts, **columns):
    whole = {"options": None, "answer_type": "integer", "precision": None} | columns
    return rule(texts, **{name: [value] * len(texts) for name, value in whole.items()})


def test_math_vista_compares_in_the_form_of_the_type():
    texts = ["\\boxed{4}", "\\boxed{4.0}", "\\boxed{5}", "a" * 99]
    assert vista(math_vista.published, texts, answer="4") == [1, 1, 0, None]
    assert vista(math_vista.strict, texts, answer="4") == [1, 1, 0, None]
    assert vista(math_vista.mm_eureka, texts, answer="4") == [1, 0, 0, None]
    floats = {"answer": "1.2", "answer_type": "float", "precision": 1.0}
    assert vista(math_vista.published, ["\\boxed{1.23}", "\\boxed{1.3}"], **floats) == [1, 0]
    assert vista(math_vista.strict, ["\\boxed{1.23}", "\\boxed{1.3}"], **floats) == [1, 0]
    choice = {"answer": "second", "answer_type": "text", "options": ["first", "second", "third"]}
    texts = ["\\boxed{B}", "\\boxed{secnd}", "\\boxed{(A)}", "\\boxed{second}"]
    assert vista(math_vista.published, texts, **choice) == [1, 1, 0, 1]
    assert vista(math_vista.strict, texts, **choice) == [1, None, 0, 1]
    assert vista(math_vista.mm_eureka, texts, **choice) == [1, 0, 0, 1]
    assert vista(math_vista.mm_eureka, ["\\boxed{red}"], answer="red", answer_type="text") == [0]


def test_refusals_and_ambiguous_options():
    choices = ["3", "5", "35"]
    assert inferred_option("Cannot determine the answer", choices) == "Z"
    assert inferred_option("A or B", choices) is None
    assert inferred_option("it is 35", choices) is None


def test_arithmetic_is_bounded():
    assert math_vision.is_equal("2**0.5", "1.4142135") and math_vision.is_equal("1/2", "0.5")
    for text in ("9**9**9", "(" * 90 + "1", "1" * 101, "__import__('os')", "1/0", "x+1", "[1]*9"):
        assert math_vision.arithmetic(text) is None
    columns = {"answer": ["0.5", "B", "B"], "options": [None, ["A", "B"], ["A", "B"]]}
    assert math_vision.published(["\\boxed{\\frac{1}{2}}", "\\boxed{B}", "\\boxed{A}"], **columns) == [1, 1, 0]


def test_letters_or_values():
    columns = {"answer": ["B", "$$6$$", "30°", "C"], "options": [["x", "y"], None, None, None]}
    texts = ["\\boxed{(B)}", "<answer> $6.0$ </answer>", "\\boxed{30}", "\\boxed{7}"]
    assert letter_or_value.strict(texts, **columns) == [1, 1, 1, None]
    assert letter_or_value.published(texts, **columns) == [1, 1, 1, 0]


def test_several_letters():
    texts = ["\\boxed{C, A}", "\\boxed{A}", "the answer is (A) and (C)", "\\boxed{5}"]
    assert logic_vista.strict(texts, answer=["A, C"] * 4) == [1, 0, None, None]
    assert logic_vista.published(texts, answer=["A, C"] * 4) == [1, 0, 1, None]


def test_charts_are_read_with_a_tolerance():
    texts = ["\\boxed{104}", "\\boxed{106}", "\\boxed{100}"]
    assert chart_qa.published(texts, answer=["100"] * 3) == [1, 0, 1]
    assert chart_qa.strict(texts, answer=["100"] * 3) == [0, 0, 1]
