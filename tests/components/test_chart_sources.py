import io
import json
import zipfile
from dataclasses import replace

import pytest
from PIL import Image

from rlvr.data.gold import judged_scores, largest_drop
from rlvr.data.load import raw_rows
from rlvr.data.rows import row_id
from rlvr.datasets import (
    chart_qa,
    charts,
    k12,
    logic_vista,
    math_verse,
    math_vision,
    math_vista,
    mm_eureka_v1,
    mmk12,
    mmr1_rl,
    mmr1_sft,
    olympiad_bench,
)
from rlvr.errors import RlvrError
from rlvr_pipelines.methods import METHODS

TRAINING = [mm_eureka_v1.TRAIN, mm_eureka_v1.K12, mmk12.TRAIN, mmr1_rl.V0, mmr1_rl.V1, mmr1_sft.TRAIN]
TESTS = [
    math_vista.TESTMINI,
    math_verse.TESTMINI,
    math_vision.TEST,
    mmk12.TEST,
    k12.TEST,
    olympiad_bench.TEST,
    chart_qa.TEST,
    logic_vista.TEST,
]


def converted(source, n=40, seed=0):
    for raw in source.synthetic(n, seed):
        row = {"source": source.name, "task": "t", "options": None, **source.convert(raw)}
        yield {**row, "row_id": row_id(row)}


@pytest.mark.parametrize("source", [*TRAINING, *TESTS], ids=lambda source: source.name)
def test_synthetic_rows_have_the_upstream_columns_and_show_their_answer(source):
    assert list(source.synthetic(5, 3)) == list(source.synthetic(5, 3)) != list(source.synthetic(5, 4))
    assert all(set(source.columns) <= set(raw) for raw in source.synthetic(5, 3))
    for row in converted(source):
        bars = charts.read(row["images"][0])
        tallest = max(bar.height for bar in bars)
        answer = row["answer"].strip("$")
        if charts.TALLEST in row["prompt"]:
            assert [bar.height for bar in bars].count(tallest) == 1
            places = (*charts.PLACES, *"ABC")
            assert bars[places.index(answer) % 3].height == tallest
        elif source is not mmr1_sft.TRAIN:
            asked = next(bar for bar in bars if f" {bar.colour} " in row["prompt"])
            assert answer == str(asked.height) and asked.height < tallest


def test_no_two_sets_share_a_row():
    ids = [{row["row_id"] for row in converted(source, 60)} for source in [*TRAINING, *TESTS]]
    different = [one for one, source in zip(ids, [*TRAINING, *TESTS], strict=True) if source is not mm_eureka_v1.K12]
    assert len(set().union(*different)) == sum(map(len, different)) == 60 * len(different)


def test_pictures_are_small():
    for item in charts.items(3, "size"):
        assert Image.open(io.BytesIO(item.picture)).size == (charts.WIDTH_PX, charts.HEIGHT_PX)


@pytest.mark.parametrize("name", ["mm_eureka", "mm_eureka/internvl", "mm_eureka/internvl_pretrain", "mmr1", "mmr1/v0"])
def test_golds_are_paid_and_demonstrations_are_right_two_or_three_times_in_five(name):
    for task in METHODS[name].tasks:
        rows = list(converted(task.source, 100))
        if task.name != "cold_start":
            scores, errors, _ = judged_scores(task, rows)
            assert not any(errors) and all(largest_drop(score) >= 0.9 for score in scores)
        texts = [task.source.demonstrate(row) for row in rows]
        paid = task.rewards[0].function(texts, answer=[row["answer"] for row in rows])
        assert 0.3 < sum(score >= 1 for score in paid) / len(rows) < 0.7


def test_the_cold_start_is_better_than_the_base_but_not_perfect():
    rows = list(converted(mmr1_sft.TRAIN, 300))
    right = []
    for row in rows:
        bars = charts.read(row["images"][0])
        if asked := next((bar for bar in bars if f" {bar.colour} " in row["prompt"]), None):
            right.append(f"\\boxed{{{asked.height}}}" in row["response"])
    assert 0.75 < sum(right) / len(right) < 0.9


def test_the_published_form_of_the_first_set_is_read(tmp_path):
    drawn = list(mm_eureka_v1.synthetic(3, 0))
    places = [f"inspire/hdd/report_data/{part}/images/{n}.png" for n, part in enumerate(("K12", "K12", "MMPR"))]
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for place, raw in zip(places, drawn, strict=True):
            archive.writestr(place, raw["image_urls"][0])
    rows = [raw | {"image_urls": [f"file:///{place}"]} for place, raw in zip(places, drawn, strict=True)]
    rows.append(rows[0] | {"image_urls": None})
    (tmp_path / "dataset.jsonl").write_text("\n".join(map(json.dumps, rows)))
    found = list(raw_rows(replace(mm_eureka_v1.TRAIN, location=str(tmp_path)), 0))
    fields = [mm_eureka_v1.convert(raw) for raw in found]
    assert [field["images"][0]["bytes"] for field in fields[:3]] == [raw["image_urls"][0] for raw in drawn]
    assert Image.open(io.BytesIO(fields[3]["images"][0])).size == (224, 224)
    assert [mm_eureka_v1.outside_k12(raw) for raw in found] == [False, False, True, True]


def test_conversations_of_another_form_are_named():
    (raw,) = mm_eureka_v1.synthetic(1, 0)
    with pytest.raises(RlvrError, match="conversations"):
        mm_eureka_v1.convert(raw | {"conversations": raw["conversations"][1:]})
    (raw,) = mmr1_sft.synthetic(1, 0)
    with pytest.raises(RlvrError, match="conversations"):
        mmr1_sft.convert(raw | {"conversations": raw["conversations"][:1]})


def test_published_rows_are_converted():
    (raw,) = math_verse.synthetic(1, 0)
    row = raw | {
        "question": "",
        "question_type": "multi-choice",
        "question_for_eval": "Find it.\nA:1°\nB:2°",
        "answer": "B",
    }
    assert math_verse.convert(row)["prompt"] == math_verse.IN_PICTURE
    assert math_verse.convert(row)["options"] == ["1°", "2°"]
    (raw,) = math_vision.synthetic(1, 0)
    row = raw | {"question": "Which one? <image1>", "options": ["A", "B"]}
    assert math_vision.convert(row)["prompt"] == "Which one?\n(A) A\n(B) B"
    (raw,) = olympiad_bench.synthetic(1, 0)
    row = raw | {"question": "What is <image_1>?", "final_answer": ["$1$", "$2$"], "unit": "cm", "images": [b"x", b"y"]}
    fields = olympiad_bench.convert(row)
    assert (fields["answer"], fields["images"]) == ("$1$, $2$", [b"x", b"y"])
    assert fields["prompt"] == "What is (picture 1)? Give the answer in cm."
    (raw,) = math_vista.synthetic(1, 0)
    row = raw | {"question": "How long?", "unit": "cm", "choices": None}
    assert math_vista.convert(row)["prompt"] == "How long? (unit: cm)"
