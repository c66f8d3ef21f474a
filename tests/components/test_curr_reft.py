"""Curr-ReFT's rewards, scorers and data sets."""

import io
import json
import time
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from rlvr.data.load import raw_rows
from rlvr.data.rows import row_id
from rlvr.datasets import (
    curr_reft_choice,
    curr_reft_judge,
    curr_reft_open,
    curr_reft_other_domains,
    curr_reft_self,
    toys,
)
from rlvr.errors import RlvrError
from rlvr.rewards import choice_letters, judgement, open_answer, partial_classes, task_format
from rlvr.scoring import curr_reft

JUDGED = [(curr_reft_judge.MATH, judgement.accuracy), (curr_reft_judge.CLASSIFY, judgement.accuracy)]
CHOSEN = [
    (source, choice_letters.accuracy)
    for source in (curr_reft_choice.MATH, curr_reft_choice.CLASSIFY, curr_reft_choice.DETECTION)
]
OPEN = [
    (curr_reft_open.MATH, open_answer.strict),
    (curr_reft_open.CLASSIFY, open_answer.accuracy),
    (curr_reft_open.DETECTION, open_answer.accuracy),
]
TESTS = [
    curr_reft_open.MATH_TEST,
    curr_reft_open.CLASSIFY_TEST,
    curr_reft_open.DETECTION_TEST,
    curr_reft_other_domains.REFGTA,
    curr_reft_other_domains.VOC,
    curr_reft_other_domains.COUNTS,
]
SOURCES = [*(source for source, _ in JUDGED + CHOSEN + OPEN), *TESTS, curr_reft_self.SELF]


def converted(source, n, seed=0):
    for raw in source.synthetic(n, seed):
        row = source.convert(raw)
        yield {**row, "row_id": row_id(row), "source": source.name, "task": "t"}


def tagged(text):
    return f"<think>r</think>\n<answer>{text}</answer>"


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_synthetic_rows_have_the_upstream_columns_and_are_reproducible(source):
    first = list(source.synthetic(5, 3))
    assert first == list(source.synthetic(5, 3)) != list(source.synthetic(5, 4))
    for raw in first:
        assert set(source.columns) <= set(raw)
        for picture in source.convert(raw)["images"]:
            Image.open(io.BytesIO(picture)).load()


@pytest.mark.parametrize(("source", "reward"), JUDGED + CHOSEN + OPEN, ids=lambda value: getattr(value, "name", ""))
def test_right_answers_are_paid_and_demonstrations_are_often_careless(source, reward):
    rows = list(converted(source, 200))
    extra = [json.loads(row["extra"]) for row in rows]
    columns = {name: [one[name] for one in extra] for name in ("solution", "label")}
    right = [source.gold(row)[0] if source.gold else tagged(row["answer"]) for row in rows]
    assert reward(right, **columns) == [1] * len(rows)
    shown = reward([source.demonstrate(row) for row in rows], **columns)
    assert 0.25 < sum(score == 1 for score in shown) / len(rows) < 0.8


def test_toys_fill_their_boxes():
    for row in converted(curr_reft_open.DETECTION, 20):
        (box,) = row["boxes_xyxy_px"]
        picture = np.asarray(Image.open(io.BytesIO(row["images"][0])).convert("RGB")).astype(int)
        kind = row["prompt"].split()[-1].rstrip("?")
        near = np.abs(picture - toys.COLOURS[kind]).max(2) < 40
        rows, columns = near.nonzero()
        assert np.abs(np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]) - box).max() <= 3


def test_training_and_test_rows_do_not_meet():
    pairs = zip((curr_reft_open.MATH, curr_reft_open.CLASSIFY, curr_reft_open.DETECTION), TESTS, strict=False)
    for train, test in pairs:
        assert not {row["row_id"] for row in converted(train, 40)} & {row["row_id"] for row in converted(test, 40)}


def test_a_folder_in_the_published_form_is_read(tmp_path):
    data, pictures = tmp_path / "grpo_data/train/open/openr1_8k", tmp_path / "grpo_data/images/geo"
    data.mkdir(parents=True)
    pictures.mkdir(parents=True)
    drawn = list(curr_reft_open.synthetic_math(5, 0))
    for number, raw in enumerate(drawn):
        (pictures / f"{number}.png").write_bytes(raw["image"])
    rows = [{**raw, "image": f"/mnt/cluster/data/geo/{number}.png"} for number, raw in enumerate(drawn)]
    for name, part in (("train", rows[:3]), ("val", rows[3:4]), ("test", rows[4:])):
        (data / f"math_math_{name}.jsonl").write_text("\n".join(map(json.dumps, part)))
    train = list(raw_rows(replace(curr_reft_open.MATH, location=str(tmp_path)), seed=0))
    test = list(raw_rows(replace(curr_reft_open.MATH_TEST, location=str(tmp_path)), seed=0))
    assert [row["image"]["bytes"] for row in train + test] == [raw["image"] for raw in drawn]
    with pytest.raises(RlvrError, match="judge_math"):
        list(raw_rows(replace(curr_reft_judge.MATH, location=str(tmp_path)), seed=0))


def test_self_improvement_rows_may_have_no_picture():
    talk = [{"role": "user", "content": "<image>Why?"}, {"role": "assistant", "content": tagged("so")}]
    fields = curr_reft_self.convert({"messages": talk, "images": None})
    assert (fields["images"], fields["prompt"], fields["answer"]) == ([], "Why?", "so")
    with pytest.raises(RlvrError, match="roles user"):
        curr_reft_self.convert({"messages": talk[:1], "images": None})


@pytest.mark.parametrize(
    ("answer", "truth", "faithful", "strict"),
    [
        ("yes", "yes", 1, 1),
        ("False.", "no", 1, 1),
        ("not correct", "no", 0, 0),
        ("no, yes", "yes", 1, 0),
        ("yesterday", "yes", 0, 0),
        ("maybe", "maybe", 0, 0),
    ],
)
def test_judgements(answer, truth, faithful, strict):
    columns = {"solution": [f"<answer>{truth}</answer>"], "label": ["classify"]}
    assert judgement.accuracy([tagged(answer)], **columns) == [faithful]
    assert judgement.strict([tagged(answer)], **columns) == [strict]


@pytest.mark.parametrize(
    ("answer", "truth", "faithful", "strict"),
    [
        ("A and B", "A, B", 1, 0),
        ("B, A", "A, B", 0, 1),
        ("A", "A, B", 0, 0),
        ("B: a dog", "B", 0, 0),
        ("cat", "dog", 1, 0),
    ],
)
def test_choices(answer, truth, faithful, strict):
    solution = [f"<answer>{truth}</answer>"]
    assert choice_letters.accuracy([tagged(answer)], solution=solution) == [faithful]
    assert choice_letters.strict([tagged(answer)], solution=solution) == [strict]


@pytest.mark.parametrize(
    ("kind", "answer", "truth", "faithful", "strict"),
    [
        ("math", "6", "5", 1, 0),
        ("math", "", "5", 1, 0),
        ("math", "$\\frac{1}{2}$", "0.5", 1, 1),
        ("math", "C", "C", 1, 1),
        ("math", "B", "C", 0, 0),
        ("classify", "dog, cat", "cat, dog", 1, 1),
        ("classify", "cat", "cat, dog", 0.5, 0.5),
        ("classify", "[cat, dog]", "cat, dog", 0, 0),
        ("detection", '{"bbox": [10.7, 20, 110, 220]}', "[10, 20, 110, 220]", 1, 1),
        ("detection", "[0, 0, 9, 9] [10, 20, 110, 220]", "[10, 20, 110, 220]", 1, 1),
        ("detection", '{"bbox": [0.1, 0.2, 0.3, 0.4]}', "[10, 20, 110, 220]", 0, 0),
        ("detection", "[11, 20, 12, 21]", "[11, 20, 12, 21]", 0, 0),
        ("coco_vqa", "x", "x", 0, 0),
    ],
)
def test_open_answers(kind, answer, truth, faithful, strict):
    columns = {"solution": [f"<answer>{truth}</answer>"], "label": [kind]}
    assert open_answer.accuracy([tagged(answer)], **columns) == [faithful]
    assert open_answer.strict([tagged(answer)], **columns) == [strict]


def test_older_reward_pays_a_fifth_for_some_classes():
    texts = [tagged("dog cat"), tagged("cat"), tagged("car")]
    assert partial_classes.classes(texts, solution=["<answer>cat, dog</answer>"] * 3) == [1, 0.2, 0]


def test_format_asks_for_a_box_by_label():
    text, box = tagged("yes"), tagged('{"bbox": [1, 2, 3, 4]}')
    assert task_format.blocks([text, text, box], label=["math", "detection", "detection"]) == [1, 0, 1]
    assert task_format.strict([text], label=["detection"], solution=["<answer>yes</answer>"]) == [1]


def test_evaluation_is_kinder_than_ours():
    solution = ["<answer>cat, dog</answer>"]
    more = [tagged("dog, cat, bird")]
    assert curr_reft.classes_published(more, solution=solution) == [1]
    assert curr_reft.classes_strict(more, solution=solution) == [0]
    assert curr_reft.classes_published([tagged('["cat", "dog"]'), tagged("[cat")], solution=solution * 2) == [1, None]
    assert curr_reft.number_published(["14"], answer=["4"]) == [1]
    assert curr_reft.number_strict([tagged("14"), "4"], answer=["4", "4"]) == [0, None]
    assert curr_reft.math_published([tagged("6")], solution=["<answer>5</answer>"]) == [1]
    assert curr_reft.math_strict([tagged("6"), "5"], solution=["<answer>5</answer>"] * 2) == [0, None]
    box = ["<answer>[10, 20, 110, 220]</answer>"]
    assert curr_reft.detection_published(["[10, 20, 110, 220]", tagged("[10, 20, 110, 220]")], solution=box * 2) == [
        None,
        1,
    ]
    assert curr_reft.detection_strict([tagged("[1, 2, 3, 4] [10, 20, 110, 220]")], solution=box) == [None]
    frames = {
        "solution": [[22, 44, 66, 88]],
        "normalized_solution": [[1, 1, 9, 9]],
        "resize_solution": [[10, 20, 30, 40]],
    }
    assert curr_reft.refgta_published([tagged("[10, 20, 30, 40]")], **frames) == [1]
    assert curr_reft.refgta_strict([tagged("[10, 20, 30, 40]")], **frames) == [0]


@pytest.mark.parametrize(
    "reward",
    [
        judgement.accuracy,
        judgement.strict,
        choice_letters.accuracy,
        choice_letters.strict,
        open_answer.accuracy,
        open_answer.strict,
        partial_classes.classes,
        task_format.blocks,
        curr_reft.detection_published,
        curr_reft.detection_strict,
        curr_reft.classes_published,
        curr_reft.math_published,
    ],
    ids=lambda reward: f"{reward.__module__}.{reward.__name__}",
)
@pytest.mark.parametrize("label", ["math", "detection", "classify"])
def test_hostile_text_is_scored_in_no_time(reward, label):
    parts = ["<answer>", "</answer>", "[", "[1,", "[1,2,3,4]", "{[1, 2,", "1", "A ", "yes ", "cat,", "\n", "</think> "]
    texts = [part * (100_000 // len(part)) for part in parts]
    texts += [f"<think>{text[:50_000]}</think><answer>{text[:50_000]}</answer>" for text in texts]
    columns = {"solution": ["<answer>[1, 2, 30, 40]</answer>"], "label": [label]}
    reward(["warm up"], **columns)
    for text in texts:
        started = time.perf_counter()
        (score,) = reward([text], **columns)
        assert time.perf_counter() - started < 1, text[:40]
        assert score is None or 0 <= score <= 1
