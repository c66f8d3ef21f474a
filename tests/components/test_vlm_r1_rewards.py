import json
import math
import time

import pytest

from rlvr.picture_grid import MAX_PIXELS, MIN_PIXELS, grid_px
from rlvr.rewards import (
    answer_by_method,
    capital_letter,
    cosine_length,
    detection_map,
    detection_overlap,
    math_text,
    plain_answer,
    referring_format,
    referring_iou,
    repetition,
    symbolic,
)
from rlvr.scoring import by_method, ground_truth_nms, picture_map, referring
from rlvr.scoring.coco_map import average_precision
from rlvr.spans import between, first, last

TRUTH = '<answer> ```json\n[{"bbox_2d": [100, 100, 300, 300], "label": "cat"}]\n``` </answer>'
SIZE = {"width_px": [640], "height_px": [480]}
BOX = {"solution": ["<answer> [100, 100, 300, 300] </answer>"], "boxes_xyxy_px": [[[100, 100, 300, 300]]], **SIZE}
DETECTION = {"solution": [TRUTH], **SIZE}


def said(text):
    return f"<think>x</think><answer>{text}</answer>"


def boxes(*labels):
    return "```json\n" + json.dumps([{"bbox_2d": [100, 100, 300, 300], "label": label} for label in labels]) + "\n```"


def test_spans_are_those_of_a_lazy_pattern():
    text = "<a>1<a>2</a>3</a><a> 4 </a><a>5"
    assert list(between(text, "<a>", "</a>")) == ["1<a>2", " 4 "]
    assert (first(text, "<a>", "</a>"), last(text, "<a>", "</a>")) == ("1<a>2", "4")
    assert first("</a><a>", "<a>", "</a>") is None
    assert last("", "<a>", "</a>") is None


def test_the_grid_is_the_processors():
    from rlvr.backbones.torchvision_cpu import import_torchvision

    import_torchvision()
    from transformers.models.qwen2_vl.image_processing_qwen2_vl import smart_resize

    for width, height in [(640, 480), (112, 84), (28, 28), (10, 40), (427, 640), (5000, 4000), (9, 1700), (56, 55)]:
        theirs = smart_resize(height, width, 28, min_pixels=MIN_PIXELS, max_pixels=MAX_PIXELS)
        assert grid_px(width, height) == theirs[::-1]


def test_boxes_are_scaled_from_the_grid_to_the_picture():
    assert grid_px(640, 480) == (644, 476)
    in_grid = [100 * 644 / 640, 100 * 476 / 480, 300 * 644 / 640, 300 * 476 / 480]
    text = said(json.dumps({"bbox_2d": [round(number) for number in in_grid]}))
    assert referring_iou.soft([text], **BOX)[0] > 0.98
    assert referring_iou.soft([said("[100, 100, 300, 300]")], **BOX)[0] < 0.98
    assert referring_iou.hard([said("[100, 100, 300, 300]")], **BOX) == [1]


def test_iou_of_boxes_that_share_one_column_is_0():
    assert referring_iou.iou([0, 0, 10, 10], [9, 0, 20, 10]) == 0
    assert referring_iou.iou([0, 0, 10, 10], [7, 0, 17, 10]) == pytest.approx(30 / 170)


def test_the_strict_box_stands_alone():
    box = '{"bbox_2d": [101, 99, 302, 297]}'
    other = '{"bbox_2d": [0, 0, 5, 5]}'
    texts = [said(box), said(f"[{box}]"), said(f"{box} or {other}"), said(f"[{box}, {other}]"), said(f"box {box}"), box]
    columns = {name: values * len(texts) for name, values in BOX.items()}
    assert [score > 0.9 for score in referring_iou.soft(texts, **columns)] == [True] * 5 + [False]
    assert [score > 0.9 for score in referring_iou.strict(texts, **columns)] == [True] * 2 + [False] * 4


def test_evaluation_takes_the_last_box_in_braces_and_the_reward_the_first():
    text = said('[{"bbox_2d": [100, 100, 300, 300]}, {"bbox_2d": [0, 0, 10, 10]}]')
    assert referring.last_braced_box(text) == [0, 0, 10, 10]
    assert referring_iou.soft([text], **BOX)[0] > 0.9
    assert referring.published([text, said("[1, 2, 3, 4]")], **{name: value * 2 for name, value in BOX.items()}) == [
        0,
        None,
    ]
    assert referring.first_number_box("box [ -1, .5,2.25 , 3 ] or [1, 2, 3, 4]") == [-1, 0.5, 2.25, 3]
    assert referring.judged([0, 0, 0, 0], [0, 0, 0, 0], (28, 28), (28, 28)) is None


def test_formats_want_braces_and_their_order():
    texts = ['<think></think><answer>{"bbox_2d": [1, 2, 3, 4]}</answer>']
    texts += [f"so {texts[0]}", said("[1, 2, 3, 4]"), said("} [1, 2, 3, 4] {"), "<answer>{[1, 2, 3, 4]}</answer>"]
    assert referring_format.in_braces(texts) == [1, 1, 0, 0, 0]
    assert referring_format.in_braces_fullmatch(texts) == [1, 0, 0, 0, 0]
    assert referring_format.bare(texts) == [1, 1, 1, 1, 0]


def test_labels_that_the_truth_lacks_are_free_for_map_and_cost_odlength():
    text = said(boxes("cat", "dog", "dog", "dog"))
    assert detection_map.answer([text], solution=[TRUTH])[0] == pytest.approx(1)
    assert detection_map.answer_length([text], solution=[TRUTH])[0] == pytest.approx(1 / 4)
    assert detection_map.answer([boxes("cat")], solution=[TRUTH]) == [0]
    assert detection_map.whole_text([boxes("cat")], solution=[TRUTH])[0] == pytest.approx(1)


def test_where_nothing_is_to_be_found_only_the_strict_reward_wants_the_word():
    texts, truths = [said("None"), said("dunno"), said("")], ["<answer> None </answer>"] * 3
    assert detection_map.answer_length(texts, solution=truths) == [1, 1, 1]
    assert detection_map.strict(texts, solution=truths) == [1, 0, 0]
    assert picture_map.published(texts, solution=truths, width_px=[112] * 3, height_px=[84] * 3) == [1, None, None]


def test_average_precision_takes_no_notice_of_what_is_no_box():
    truth = [{"bbox_2d": [0, 0, 20, 20], "label": "cat"}]
    junk = [1, "x", None, {}, {"bbox_2d": [1, 2], "label": "cat"}, {"bbox_2d": [math.nan, 0, 1, 1], "label": "cat"}]
    junk += [{"bbox_2d": "abcd", "label": "cat"}, {"bbox_2d": [0, 0, 10**400, 5], "label": "cat"}, {"label": []}]
    assert average_precision(junk, truth) == (0, 0)
    assert average_precision([*junk, *truth], truth) == pytest.approx((1, 1))
    assert average_precision(truth, [{"bbox_2d": [0, 0, 20, 20]}]) is None


def test_weighted_sum_keeps_a_pair_with_the_wrong_label_matched():
    assert detection_overlap.weighted_sum([said(boxes("cat"))], solution=[TRUTH]) == [pytest.approx(1)]
    assert detection_overlap.weighted_sum([said(boxes("dog"))], solution=[TRUTH]) == [pytest.approx(0.3)]
    assert detection_overlap.weighted_sum([said(boxes("cat", "cat"))], solution=[TRUTH]) == [pytest.approx(0.925)]
    unlabelled = said('```json\n[{"bbox_2d": [100, 100, 300, 300]}]\n```')
    assert detection_overlap.weighted_sum([unlabelled], solution=[TRUTH]) == [None]


def test_of_boxes_around_a_true_one_the_best_stays():
    truth = [[0, 0, 10, 10]]
    predicted = [[0, 0, 10, 10], [0, 0, 10, 9], [50, 50, 5, 5], [1, 0, 10, 10]]
    assert ground_truth_nms.kept(truth, predicted, [0.5, 0.9, 0.1, 0.9]) == [2, 3]
    assert ground_truth_nms.kept([], predicted, [1, 1, 1, 1]) == [0, 1, 2, 3]
    assert ground_truth_nms.kept(truth, [], []) == []


def test_length_rises_again_upstream_and_not_when_strict():
    tokens = [0, 512, 1024, 2048]
    assert cosine_length.cosine([""] * 4, tokens=tokens) == pytest.approx([1, 0.75, 0.5, 1])
    assert cosine_length.strict([""] * 4, tokens=tokens) == pytest.approx([1, 0.75, 0.5, 0.5])
    assert cosine_length.cosine(["x"]) == [None]


def test_repetition_counts_boxes_where_there_are_some_and_words_otherwise():
    texts = [
        boxes("a", "a"),
        boxes("a", "b"),
        boxes("a", "a").replace("]\n", "\n"),
        "a b c d e f a b c d e f",
        "```json\n[1]\n```",
        "",
    ]
    assert repetition.penalty(texts) == [-0.5, 0, -0.5, pytest.approx(-1 / 7), None, 0]


@pytest.mark.parametrize(
    ("method", "text", "truth", "faithful", "strict"),
    [
        ("mcq", "The answer is B.", "B", 1, 0),
        ("mcq", "(B)", "B", 0, 1),
        ("mcq", "A, B", "B", 1, 0),
        ("yes_no", "I do not know", "no", 1, 0),
        ("yes_no", "Yes.", "yes", 1, 1),
        ("math", "\\frac12", "0.5", 1, 1),
        ("math", "3 cats", "3", 1, 1),
        ("all_match", "Red Cube.", "red cube", 1, 1),
        ("default", "red cubes", "red cube", pytest.approx(16 / 17), 0),
        ("default", "42", "42.0", 1, 1),
        ("llm", "42", "42", None, None),
        ("of my own", "red cube", "red cube", 1, 1),
    ],
)
def test_rules_by_method(method, text, truth, faithful, strict):
    row = {"solution": [f"<answer> {truth} </answer>"], "accu_reward_method": [method]}
    assert answer_by_method.accuracy([said(text)], **row) == [faithful]
    assert answer_by_method.strict([said(text)], **row) == [strict]
    assert by_method.published(["no tags"], **row) == [None]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("\\frac12", "1/2"),
        ("0.5", "1/2"),
        ("10\\%", "10"),
        ("x=5", "5"),
        ("\\sqrt3", "\\sqrt{3}"),
        ("5\\text{ cm}", "5"),
        (".5", "\\tfrac{1}{2}"),
    ],
)
def test_normal_forms(one, other):
    assert math_text.equal(one, other)
    assert not math_text.equal(one, other + "1")


def test_boxed_text():
    assert math_text.boxed("so \\boxed{\\frac{1}{2}} it is") == "\\frac{1}{2}"
    assert math_text.boxed("\\boxed{1") is None
    assert math_text.boxed("none") is None


HOSTILE = [
    *(
        mark * (100_000 // len(mark))
        for mark in (
            "<answer>",
            "</think><answer>",
            "[1, ",
            "{",
            "}",
            "[{",
            "```",
            "```json",
            "A. ",
            "\n",
            "\\frac",
            "[1 ",
        )
    ),
    "<think></think><answer>" + "{[1, 2, 3" * 10_000 + "</answer>",
    "<answer>[" + "9" * 90_000 + ", 1, 1, 1]</answer>",
    "<answer>```json" + "[" * 50_000 + "```</answer>",
    "<answer>" + boxes(*["cat"] * 1_500) + "</answer>",
    '```json["' + '["' * 2_000 + "```",
    '<answer>```json[{"bbox_2d": [NaN, Infinity, 1e400, 3], "label": "cat"}]```</answer>',
]

FUNCTIONS = [
    *((function, BOX) for function in (referring_iou.soft, referring_iou.hard, referring_iou.per_mille)),
    *((function, BOX) for function in (referring_iou.strict, referring.published, referring.strict)),
    *((function, BOX) for function in (referring.per_mille_published, referring.per_mille_strict)),
    *((function, BOX) for function in (referring_format.in_braces, referring_format.bare, repetition.penalty)),
    *((function, DETECTION) for function in (detection_map.whole_text, detection_map.answer_length)),
    *((function, DETECTION) for function in (detection_map.strict, detection_overlap.weighted_sum)),
    *((function, DETECTION) for function in (picture_map.published_nms, picture_map.strict)),
    *(
        (function, {"solution": ["<answer> 3 </answer>"]})
        for function in (answer_by_method.default, plain_answer.all_match)
    ),
    *(
        (function, {"solution": ["<answer> red </answer>"]})
        for function in (answer_by_method.default, capital_letter.mcq)
    ),
    *(
        (function, {"solution": ["<answer> B </answer>"]})
        for function in (answer_by_method.math, capital_letter.strict)
    ),
]


@pytest.mark.parametrize(("function", "columns"), FUNCTIONS, ids=lambda value: getattr(value, "__qualname__", ""))
def test_hostile_text_is_scored_in_no_time(function, columns):
    symbolic.equal("1", "1")  # starts the child process
    for text in HOSTILE:
        started = time.perf_counter()
        (score,) = function([text], **columns)
        assert time.perf_counter() - started < 3, text[:40]
        assert score is None or -1 <= score <= 1
