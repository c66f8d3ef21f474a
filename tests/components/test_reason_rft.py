"""Reason-RFT's rewards, scorers and data sets."""

import io
import json
import random
import time
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from rlvr.data.load import raw_rows
from rlvr.data.pictures_apart import Pictures
from rlvr.data.rows import row_id
from rlvr.datasets import clevr_math, geo_math, reason_rft_cot, trance
from rlvr.errors import RlvrError
from rlvr.rewards import (
    batch_brevity,
    caption_format,
    exact_answer,
    function_sequence,
    numeric_tolerance,
    reasoning_steps,
)
from rlvr.scoring import reason_rft

TRAINING = [trance.TRAIN, trance.COLD_START, trance.ALL, clevr_math.TRAIN, clevr_math.COLD_START, geo_math.TRAIN]
TESTS = [trance.TEST, trance.LEFT, trance.RIGHT, clevr_math.TEST, clevr_math.SUPER_CLEVR, geo_math.TEST]
TWO = "change_color(0, red), change_size(1, small)"


def converted(source, n, seed=0):
    for raw in source.synthetic(n, seed):
        row = source.convert(raw)
        yield raw, {**row, "row_id": row_id(row)}


@pytest.mark.parametrize("source", [*TRAINING, *TESTS, geo_math.GEOMETRY3K], ids=lambda source: source.name)
def test_synthetic_rows_have_the_upstream_columns_and_are_reproducible(source):
    first = list(source.synthetic(5, 3))
    assert first == list(source.synthetic(5, 3)) != list(source.synthetic(5, 4))
    for raw in first:
        assert {"id", *source.columns} <= set(raw)
        for picture in source.convert(raw)["images"]:
            Image.open(io.BytesIO(picture)).load()


@pytest.mark.parametrize("source", TRAINING, ids=lambda source: source.name)
def test_chains_of_thought_are_right_and_demonstrations_less_often(source):
    reward = function_sequence.only_full if source.name.startswith("trance") else exact_answer.accuracy
    rows = [row for _, row in converted(source, 200)]
    truths = [row["answer"] for row in rows]
    assert reward([row["response"] for row in rows], solution=truths) == [1.0] * len(rows)
    shown = reward([source.demonstrate(row) for row in rows], solution=truths)
    assert 0.25 < sum(score == 1 for score in shown) / len(rows) < 0.7


def test_trance_pictures_show_the_colours_before_and_after():
    for raw, _ in converted(trance.TRAIN, 30):
        before, after = (np.asarray(Image.open(io.BytesIO(png)).convert("RGB")) for png in raw["image"])
        for call in function_sequence.functions(raw["answer"]):
            if call[0] == "change_color":
                x = trance.WIDTH_PX * (2 * int(call[1]) + 1) // 4
                assert tuple(after[trance.HEIGHT_PX // 2, x]) == trance.COLOURS[call[2]]
                assert tuple(before[trance.HEIGHT_PX // 2, x]) != trance.COLOURS[call[2]]


def test_training_and_test_rows_do_not_meet():
    for train, test in (
        (trance.TRAIN, trance.TEST),
        (clevr_math.TRAIN, clevr_math.TEST),
        (geo_math.TRAIN, geo_math.TEST),
    ):
        ids = {row["row_id"] for _, row in converted(train, 40)}
        assert not ids & {row["row_id"] for _, row in converted(test, 40)}


def test_geometry_asks_for_what_its_answer_is():
    raw = {"id": "geomath_1", "image": b"", "problem": "Which?", "answer": "B", "cot": "so B"}
    assert geo_math.convert(raw)["prompt"].endswith(geo_math.GIVE_LETTER)
    assert geo_math.convert({**raw, "answer": "42"})["prompt"].endswith(geo_math.GIVE_NUMBER)
    assert geo_math.convert(raw)["response"] == "<think>\nso B\n</think>\n<answer>\nB\n</answer>"


def test_a_folder_in_the_published_form_is_read(tmp_path):
    (tmp_path / "train_jsons").mkdir()
    rows = [{**raw, "image": [f"a/{n}.png", f"b/{n}.png"]} for n, raw in enumerate(trance.synthetic(4, 0))]
    (tmp_path / "train_jsons" / trance.TRAIN_FILE).write_text(json.dumps(rows))
    with zipfile.ZipFile(tmp_path / "train_images.zip", "w") as archive:
        for n, raw in enumerate(trance.synthetic(4, 0)):
            for folder, png in zip("ab", raw["image"], strict=True):
                archive.writestr(f"train_images/{folder}/{n}.png", png)
    everything = list(raw_rows(replace(trance.COLD_START, location=str(tmp_path)), seed=0))
    for read, drawn in zip(everything, trance.synthetic(4, 0), strict=True):
        assert [picture["bytes"] for picture in read["image"]] == drawn["image"]
    rest = list(reason_rft_cot.training_rows(tmp_path, trance.TRAIN_FILE, skip=3))
    assert [row["id"] for row in rest] == [everything[3]["id"]]


def test_pictures_are_found_by_the_end_of_their_path(tmp_path):
    for name in ("one/x.png", "two/x.png"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(name.encode())
    pictures = Pictures(tmp_path)
    assert pictures.read("/home/somebody/two/x.png")["bytes"] == b"two/x.png"
    assert pictures.of(None) is None and pictures.of([]) == []
    with pytest.raises(RlvrError, match=r"y\.png"):
        pictures.read("one/y.png")


@pytest.mark.parametrize(
    ("answer", "only_full", "partial", "penalised", "strict"),
    [
        (TWO, 1, 1, 1, 1),
        ("change_size(1, 'small'); change_color(0, red)", 1, 1, 1, 1),
        ("change_color(0, red)", 0.5, 0.5, 0.5, 0.5),
        ("change_color(0, red), change_color(0, red)", 0.25, 0.25, 0.25, 0.25),
        ("change_color(0, blue)", 0, 0.25, -0.125, 0),
        ("change_color(1, red)", 0, 0.25, -0.125, 0),
        ("change_color(1, blue)", 0, 0.125, -0.25, 0),
        (f"I think {TWO}", 1, 1, 1, 0),
        ("nothing", 0, 0, 0, 0),
    ],
)
def test_function_sequences(answer, only_full, partial, penalised, strict):
    text = [f"<think>a</think><answer>{answer}</answer>"]
    rewards = ("only_full", "partial", "penalised", "strict")
    scores = [getattr(function_sequence, name)(text, solution=[TWO])[0] for name in rewards]
    assert scores == pytest.approx([only_full, partial, penalised, strict])


def test_functions_without_tags_pay_upstream_and_not_strictly():
    assert function_sequence.only_full([TWO], solution=[TWO]) == [1]
    assert function_sequence.strict([TWO], solution=[TWO]) == [0]


def test_answers_in_tags_are_compared_as_text_alone():
    texts = ["<answer> 5 </answer>", "<answer>5.0</answer>", "it is 5", "<answer>5"]
    assert exact_answer.accuracy(texts, solution=["5"] * 4) == [1, 0, 1, 0]
    assert exact_answer.strict(texts, solution=["5"] * 4) == [1, 1, 0, 0]
    assert exact_answer.accuracy(["5"], solution=[5]) == [None]
    assert exact_answer.accuracy_one_line(["<answer>\nA\n</answer>"], solution=["A"]) == [0]


def test_tolerance():
    texts = [f"<answer>{number}</answer>" for number in ("10.49", "11", "12.01", "A")]
    scores = numeric_tolerance.tolerance(texts, solution=["10"] * 4)
    assert scores == pytest.approx([1, 0.75, 0, 0])
    assert numeric_tolerance.tolerance(["<answer>0</answer>"], solution=["0"]) == [0]
    assert numeric_tolerance.strict(["<answer>0</answer>", "<answer>nan</answer>"], solution=["0", "10"]) == [1, 0]


def test_brevity_is_pooled_and_starts_late():
    texts = ["<answer>5</answer>", "<think>long</think><answer>5</answer>"]
    assert batch_brevity.brevity(texts, solution=["5", "5"]) == pytest.approx([0.025, -0.025])
    assert batch_brevity.brevity(texts, solution=["5", "5"], current_step=799) == [0, 0]
    assert batch_brevity.brevity([], solution=[]) == []


def test_evaluation_differs_from_the_rewards():
    repeated = ["<answer>change_color(0, red), change_color(0, red)</answer>"]
    assert reason_rft.trance_published(repeated, solution=["change_color(0, red)"]) == [1]
    assert reason_rft.trance_strict(repeated, solution=["change_color(0, red)"]) == [0]
    assert reason_rft.trance_published(["no idea"], solution=[TWO]) == [None]
    assert reason_rft.answer_published(["<answer>5.0</answer>", "I see 5", "hm"], solution=["5"] * 3) == [1, 1, None]
    assert reason_rft.answer_strict(["<answer>5.0</answer>", "I see 5"], solution=["5"] * 2) == [1, None]


@pytest.mark.parametrize(
    "reward",
    [
        exact_answer.accuracy,
        exact_answer.strict,
        numeric_tolerance.tolerance,
        numeric_tolerance.strict,
        function_sequence.only_full,
        function_sequence.penalised,
        function_sequence.strict,
        caption_format.four_blocks,
        reasoning_steps.steps,
    ],
    ids=lambda reward: f"{reward.__module__}.{reward.__name__}",
)
def test_hostile_text_is_scored_in_no_time(reward):
    rng = random.Random(0)
    parts = ["a", "a(", "a(b,", "a(b, ", "f(a, 'b')", "f(a, b), ", "<answer>", "</summary> ", "Step 9", "\n", "9", "("]
    texts = [part * (100_000 // len(part)) for part in parts]
    texts += [f"<answer>{text}</answer>" for text in texts]
    texts.append("".join(f"f{rng.random()}(a, b)".replace(".", "") for _ in range(5_000)))
    texts.append("<summary>" + "</summary><caption>" * 3_000 + "</answer>")
    reward(["warm up"], solution=[TWO])
    for text in texts:
        started = time.perf_counter()
        (score,) = reward([text], solution=[TWO])
        assert time.perf_counter() - started < 1, text[:40]
        assert score is not None and -1 <= score <= 1
