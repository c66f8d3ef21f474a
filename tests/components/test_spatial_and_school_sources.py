"""Sources of open-r1-multimodal, VisualThinker-R1-Zero and R1-V's geometry and complex variants."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from rlvr.data.rows import columns, row_id
from rlvr.datasets import (
    clevr_cogent_complex,
    clevr_cogent_r1,
    clevr_cogent_val,
    cv_bench,
    geoqa_r1v,
    geoqa_test,
    mmmu_val,
    object_pairs,
    open_r1_8k,
    sat,
    scene_questions,
    scenes,
)
from rlvr.errors import RlvrError
from rlvr.rewards import math_accuracy, option_accuracy

TRAINING = [
    open_r1_8k.TRAIN,
    sat.TRAIN,
    geoqa_r1v.TRAIN,
    clevr_cogent_complex.TRAIN,
    clevr_cogent_r1.TRAIN,
]
TESTS = [cv_bench.TEST, geoqa_test.TEST, clevr_cogent_val.VAL_A, clevr_cogent_val.VAL_B, mmmu_val.VALIDATION]


def rows(source, n, seed=0):
    found = [{"source": source.name, "task": "t", **source.convert(raw)} for raw in source.synthetic(n, seed)]
    return [{**row, "row_id": row_id(row)} for row in found]


@pytest.mark.parametrize("source", [*TRAINING, *TESTS], ids=lambda source: source.name)
def test_synthetic_rows_have_the_upstream_columns_and_are_reproducible(source):
    first = list(source.synthetic(8, 3))
    assert first == list(source.synthetic(8, 3)) != list(source.synthetic(8, 4))
    assert all(set(source.columns) <= set(raw) for raw in first)
    for row in rows(source, 8, 3):
        assert row["prompt"] and row["answer"]
        assert max(Image.open(io.BytesIO(row["images"][0])).size) <= 128


def test_no_picture_is_in_two_sources():
    seen = [row["row_id"] for source in [*TRAINING, *TESTS] for row in rows(source, 30)]
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize("source", TRAINING, ids=lambda source: source.name)
def test_about_half_of_the_demonstrations_are_careless(source):
    some = rows(source, 150)
    texts = [source.demonstrate(row) for row in some]
    accuracy = option_accuracy.accuracy if source is sat.TRAIN else math_accuracy.accuracy
    scores = accuracy(texts, **columns(some))
    assert 0.28 < sum(scores) / len(scores) < 0.6
    assert max(map(len, texts)) < 100


def test_pairs_show_what_their_answer_says():
    for pair in object_pairs.pairs(60, "test"):
        pixels = np.asarray(Image.open(io.BytesIO(pair.picture)).convert("RGB")).astype(int)
        names = [word for word in pair.question.replace(",", "").split() if word in object_pairs.COLOURS]
        chroma = pixels - pixels.mean(2, keepdims=True)

        def where(name, chroma=chroma):
            target = np.array(scenes.COLOURS[name]) - np.mean(scenes.COLOURS[name])
            size = np.linalg.norm(chroma, axis=2)
            likeness = (chroma @ target) / (size * np.linalg.norm(target) + 1e-9)
            return np.argwhere((size > 40) & (likeness > 0.9))

        one, other = (where(name) for name in names)
        (y, x), (v, u) = one.mean(0), other.mean(0)
        if pair.kind == "beside":
            assert pair.answer == ("left" if x < u else "right")
        elif pair.kind == "over":
            assert pair.answer == ("above" if y < v else "below")
        else:
            assert pair.answer == names[0 if len(one) > len(other) else 1]


def test_complex_questions_are_answered_by_the_counts():
    for item in scene_questions.items(60, "test"):
        words = item.question.split()
        if item.answer.isdecimal():
            assert item.counts[words[2]] == int(item.answer)
        else:
            assert item.answer == ("yes" if item.counts[words[3]] > item.counts[words[6]] else "no")


def test_sat_shuffles_options_by_the_row_itself_and_leaves_out_two_pictures():
    raw = next(sat.synthetic(1, 0)) | {"answers": ["a, b", "c", "d", "e"], "correct_answer": "a, b"}
    fields = sat.convert(raw)
    assert fields == sat.convert(raw)
    assert sorted(fields["options"]) == ["a, b", "c", "d", "e"]
    assert json.loads(fields["extra"]) == {"solution": "<answer>a, b</answer>"}
    orders = {tuple(sat.convert({**raw, "question": f"{number}?"})["options"]) for number in range(40)}
    assert len(orders) > 10
    assert not sat.several_pictures(raw)
    assert sat.several_pictures(raw | {"image_bytes": [b"1", b"2"]})
    assert sat.either(["left"]) == "left"
    assert sat.either(["a", "b", "c"]) == "a, b or c"


def test_cold_start_rows_carry_the_trace_and_the_solution():
    (raw,) = clevr_cogent_r1.synthetic(1, 0)
    assert clevr_cogent_r1.convert(raw)["response"] == f"{raw['thinking']}\n\n{raw['solution']}"
    response = clevr_cogent_r1.convert(raw)["response"]
    assert math_accuracy.accuracy([response], solution=[raw["solution"]]) == [1]


def test_mmmu_options_are_the_text_of_a_list():
    raw = next(mmmu_val.synthetic(1, 0)) | {"question": "Q", "options": "['1', \"it's\"]", "answer": "B"}
    raw |= {"question_type": "multiple-choice", "image_3": raw["image_1"]}
    fields = mmmu_val.convert(raw)
    assert fields["options"] == ["1", "it's"]
    assert fields["prompt"] == "Q\n(A) 1\n(B) it's"
    assert len(fields["images"]) == 2
    with pytest.raises(RlvrError, match="expected the text of a Python list"):
        mmmu_val.convert(raw | {"options": "[1, 2"})
