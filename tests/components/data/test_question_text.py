"""Oddities of texts are found where they are, and not where they are not."""

import pytest

from rlvr.data.answer_bounds import FRAMES, box_facts, box_fault, span_facts
from rlvr.data.option_facts import option_facts
from rlvr.data.prompt_tokens import PromptLimit, estimated_tokens, token_facts
from rlvr.data.question_text import control_characters, mixed_scripts, mojibake, placeholders
from rlvr.prompts import Prompt


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("l'\u00c3\u00a9l\u00c3\u00a8ve", "\u00c3\u00a9"),
        ("it\u00e2\u20ac\u2122s", "\u00e2\u20ac\u2122"),
        ("\u00e5\u00b0\u008f\u00e6", "\u00e5\u00b0\u008f"),
        ("90\u00c2\u00b0", ""),  # one broken sign that is also two usual ones: not told, rather than told wrongly
        ("caf\ufffd", "\ufffd"),
        ("l'élève à Zürich, 25 °C, ±3, «oui», ½, ×", ""),
        ("ÄÖÜ, naïve – “quoted” …", ""),
        ("求三角形的面积", ""),
    ],
)
def test_mojibake(text, found):
    assert mojibake("plain", text) == found


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (("How long?", "2小时"), "CJK among LATIN"),
        (("如图,在△ABC中,∠A=30°,求sin A", "1/2"), ""),
        (("What is α + β when ∠ABC = 30°?", "π/2"), ""),
        (("Который час?", "пять"), ""),
        (("What does the letter ж stand for?", "3"), "CYRILLIC among LATIN"),
        (("𝒙 + 𝟏 = ℝ", "1"), ""),
        (("ひらがなと漢字とカタカナ", "はい"), ""),
    ],
)
def test_mixed_scripts(texts, found):
    assert mixed_scripts(*texts) == found


def test_control_characters_and_placeholders():
    assert control_characters("a\tb\r\nc", "plain") == ""
    assert control_characters("a\0b", "c\u200b\u202e") == "U+0000 U+200B U+202E"
    assert placeholders("<image> a < b <img> <|vision_start|> [IMG]") == [
        "<image>",
        "<img>",
        "<|vision_start|>",
        "[IMG]",
    ]
    assert placeholders("a < b, <b>bold</b>, <think>, images") == []


@pytest.mark.parametrize(
    ("box", "sides", "fault"),
    [
        ((0, 0, 10, 10), (100, 100), ""),
        ((-1, 0, 101, 10), (100, 100), ""),  # a pixel of rounding
        ((-2, 0, 10, 10), (100, 100), "x = -2 to 10 lies outside 0 to 100"),
        ((0, 20, 10, 20), (100, 100), "y1 = 20 is not less than y2 = 20"),
        ((0, 0, 10, 500), None, ""),
        ((0, 0, 0.5, 1.2), (1.0, 1.0), "y = 0 to 1.2 lies outside 0 to 1"),
        ((0, 0, float("inf"), 1), (1.0, 1.0), "[0, 0, inf, 1] are not all finite"),
        ((1, 2, 3), (100, 100), "a box has 4 numbers, this one 3"),
    ],
)
def test_boxes(box, sides, fault):
    assert box_fault(box, sides) == fault


def test_boxes_in_answers_have_the_frame_of_their_kind():
    assert set(FRAMES) == {"tracked_boxes", "detections"}
    tracked = {"answer_kind": "tracked_boxes", "answer": "[[0.1, 0.1, 0.5, 0.5], [0, 0, 1, 1]]"}
    assert box_facts(tracked, None) == {"boxes": 2, "box_fault": "", "box_whole": True}
    answer = "[{'Position': [0, 10, 200, 1100], 'Confidence': 1.0}]"
    detected = {"answer_kind": "detections", "answer": answer}
    assert box_facts(detected, (50, 50))["box_fault"] == "y = 10 to 1100 lies outside 0 to 1000 (thousandths)"
    assert box_facts({"answer_kind": "detections", "answer": "No Objects"}, (50, 50))["boxes"] is None
    broken = {"answer_kind": "tracked_boxes", "answer": "nowhere"}
    assert box_facts(broken, None)["box_fault"].startswith("boxes cannot be read")


def test_spans():
    assert span_facts({"span_seconds": [1.0, 2.0]}) == {"span_fault": "", "span_beyond_seconds": None}
    late = {"span_seconds": [1.0, 9.0], "extra": '{"duration_seconds": 7.5}'}
    assert span_facts(late) == {"span_fault": "", "span_beyond_seconds": 1.5}
    assert span_facts({"span_seconds": [3.0, 2.0]})["span_fault"] == "0 <= 3 < 2 does not hold"


@pytest.mark.parametrize(
    ("row", "index", "missing"),
    [
        ({"answer": "Right", "options": ["left", "right"]}, 1, False),
        ({"answer": "(A)", "options": ["left", "right"]}, 0, False),
        ({"answer": "C", "options": ["left", "right"]}, None, True),
        ({"answer": "B", "options": ["A", "C", "B"]}, 2, False),
        ({"answer": "B.", "options": None}, 1, None),
    ],
)
def test_options(row, index, missing):
    found = option_facts({"answer_kind": "option", **row})
    assert (found["option_index"], found["option_missing"]) == (index, missing)


def test_tokens_of_pictures_and_texts():
    assert (estimated_tokens("a" * 10), estimated_tokens("小时"), estimated_tokens("")) == (2, 1, 0)
    prompt, limit = Prompt(template="{question}!", system="s" * 9), PromptLimit(task="t", max_tokens=5)
    found = token_facts("q" * 5, [(56, 56)], complete=True, prompt=prompt, limit=limit)
    assert found == {"picture_tokens": 4, "prompt_tokens": 7, "excess_tokens": 2}
    assert token_facts("q", [], complete=False, prompt=None, limit=limit)["prompt_tokens"] is None
