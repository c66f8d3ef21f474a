import io
from itertools import islice

import numpy as np
import pytest
from PIL import Image

from rlvr.data.rows import row_id
from rlvr.datasets import clevr_cogent_a, digit_recognition, scenes, superclevr_200
from rlvr.rewards import digits, math_accuracy

SOURCES = [digit_recognition.TRAIN, digit_recognition.TEST, clevr_cogent_a.TRAIN, superclevr_200.TEST]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_synthetic_rows_have_the_upstream_columns_and_are_reproducible(source):
    first, again = list(source.synthetic(6, 3)), list(source.synthetic(6, 3))
    assert first == again
    assert first != list(source.synthetic(6, 4))
    assert all(set(source.columns) <= set(row) for row in first)
    for raw in first:
        fields = source.convert(raw)
        Image.open(io.BytesIO(fields["images"][0])).load()
        assert fields["prompt"] and fields["answer"]


def test_no_scan_is_in_both_parts():
    train, test = digit_recognition.scans(False), digit_recognition.scans(True)
    for digit in range(10):
        assert not set(train[digit]) & set(test[digit])
        assert len(test[digit]) > 40
    assert sum(map(len, train.values())) + sum(map(len, test.values())) == 1797


def test_digit_rows_say_what_their_picture_shows():
    for raw in digit_recognition.synthetic_train(20, 0):
        assert raw["total"] == sum(raw["label"])
        width, height = Image.open(io.BytesIO(raw["image"])).size
        assert (width, height) == (28 * len(raw["label"]), 28)


def test_digit_demonstrations_read_the_digits_and_answer_two_sums_in_five():
    sums = []
    for raw in digit_recognition.synthetic_train(600, 0):
        fields = digit_recognition.convert(raw)
        text = digit_recognition.demonstrate({**fields, "row_id": row_id({**fields})})
        assert [int(digit) for digit in text.partition("</think>")[0] if digit.isdigit()] == raw["label"]
        (reward,) = digits.correctness([text], answer=[fields["answer"]], answer_kind=[fields["answer_kind"]])
        if fields["answer_kind"] == "digit_list":
            assert reward == 1
        else:
            sums.append(reward)
    assert 0.3 < sum(sums) / len(sums) < 0.5


def test_scenes_show_every_item():
    import random

    rng = random.Random(0)
    for count in (3, 6, 10):
        items = scenes.arrange(count, rng)
        assert len(items) == count
        assert min(scenes.visible_fractions(items)) >= scenes.MIN_VISIBLE
    overlapping = [min(scenes.visible_fractions(scenes.arrange(10, rng))) < 1 for _ in range(5)]
    assert any(overlapping)


def test_scenes_differ_from_an_empty_floor_where_items_are():
    import random

    picture = np.asarray(Image.open(io.BytesIO(scenes.draw(5, random.Random(1)))).convert("RGB")).astype(int)
    assert picture.shape == (scenes.HEIGHT_PX, scenes.WIDTH_PX, 3)
    assert (np.ptp(picture, axis=2) > 40).sum() > 50  # coloured pixels


def test_counting_demonstrations_are_right_two_times_in_five():
    rewards = []
    for raw in clevr_cogent_a.synthetic(100, 0):
        fields = clevr_cogent_a.convert(raw)
        assert 3 <= int(fields["answer"]) <= 10
        text = clevr_cogent_a.demonstrate({**fields, "row_id": row_id({**fields})})
        rewards += math_accuracy.accuracy([text], solution=[raw["solution"]])
    assert 0.25 < sum(rewards) / len(rewards) < 0.55


def test_training_and_benchmark_rows_do_not_meet():
    train = {row_id({**clevr_cogent_a.convert(raw)}) for raw in clevr_cogent_a.synthetic(60, 0)}
    test = {row_id({**superclevr_200.convert(raw)}) for raw in islice(superclevr_200.synthetic(60, 0), 60)}
    assert not train & test
