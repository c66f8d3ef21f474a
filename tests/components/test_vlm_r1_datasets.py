import io
import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from rlvr.data.load import raw_rows
from rlvr.data.rows import columns, row_id
from rlvr.datasets import coco_filtered, d3, flat_shapes, gui_defects, ovdeval, refcoco, vlm_r1_jsonl
from rlvr.errors import RlvrError
from rlvr.rewards import answer_by_method, detection_map, referring_format, referring_iou
from rlvr.scoring import by_method, picture_map, referring

TRAIN = [refcoco.TRAIN, refcoco.TRAIN_PER_MILLE, d3.TRAIN, gui_defects.TRAIN, vlm_r1_jsonl.TRAIN]
TEST = [refcoco.VAL, refcoco.VAL_PER_MILLE, ovdeval.TEST, coco_filtered.TEST, gui_defects.TEST, vlm_r1_jsonl.TEST]


def rows_of(source, count, seed=0):
    rows = []
    for raw in source.synthetic(count, seed):
        fields = {**source.convert(raw), "source": source.name, "task": "task"}
        fields["images"] = [picture["bytes"] for picture in fields["images"]]
        rows.append({**fields, "row_id": row_id(fields)})
    return rows


@pytest.mark.parametrize("source", TRAIN + TEST, ids=lambda source: source.name)
def test_synthetic_rows_have_the_upstream_columns_and_are_reproducible(source):
    raw = list(source.synthetic(10, 3))
    assert raw == list(source.synthetic(10, 3)) != list(source.synthetic(10, 4))
    assert all(set(source.columns) <= set(row) for row in raw)
    for row in rows_of(source, 10):
        assert row["prompt"] and row["answer"] and "<image>" not in row["prompt"]
        for picture in row["images"]:
            Image.open(io.BytesIO(picture)).load()


@pytest.mark.parametrize(("train", "test"), [(refcoco.TRAIN, refcoco.VAL), (d3.TRAIN, ovdeval.TEST)])
def test_training_and_benchmark_rows_do_not_meet(train, test):
    assert not {row["row_id"] for row in rows_of(train, 100)} & {row["row_id"] for row in rows_of(test, 100)}


def test_boxes_hold_exactly_the_shape_that_is_asked_for():
    for row in rows_of(refcoco.TRAIN, 60):
        picture = np.asarray(Image.open(io.BytesIO(row["images"][0]))).astype(int)
        colour = next((name for name in flat_shapes.COLOURS if name in row["prompt"]), None)
        if colour is None:
            assert "left" in row["prompt"]
            coloured = np.argwhere(np.ptp(picture, axis=2) > 60)
            assert coloured[:, 1].min() == row["boxes_xyxy_px"][0][0]
            continue
        place = np.argwhere((picture == flat_shapes.COLOURS[colour]).all(axis=2))
        (y1, x1), (y2, x2) = place.min(axis=0), place.max(axis=0)
        assert row["boxes_xyxy_px"] == [[x1, y1, x2 + 1, y2 + 1]]


def test_boxes_in_thousandths_are_the_same_boxes():
    for pixels, thousandths in zip(rows_of(refcoco.TRAIN, 20), rows_of(refcoco.TRAIN_PER_MILLE, 20), strict=True):
        assert thousandths["boxes_xyxy_px"][0] == pytest.approx(pixels["boxes_xyxy_px"][0], abs=0.1)


def test_screens_differ_where_the_task_says_so():
    answers = []
    for row in rows_of(gui_defects.TRAIN, 40):
        before, after = (np.asarray(Image.open(io.BytesIO(picture))).astype(int) for picture in row["images"])
        changed = (np.ptp(before, axis=2) > 60) & ((before != after).any(axis=2))
        assert changed.any() == (row["answer"] == gui_defects.UNEXPECTED)
        answers.append(row["answer"])
    assert set(answers) == {gui_defects.NO_RESPONSE, gui_defects.UNEXPECTED}


GOLD = [
    (refcoco.TRAIN, referring_iou.soft, referring_format.in_braces, referring.published, referring.strict),
    (refcoco.TRAIN_PER_MILLE, referring_iou.per_mille, referring_format.bare, referring.per_mille_published,
     referring.per_mille_strict),
    (d3.TRAIN, detection_map.answer_length, detection_map.strict, None, None),
]  # fmt: skip


@pytest.mark.parametrize(("source", "reward", "other", "published", "strict"), GOLD, ids=lambda value: str(value)[:20])
def test_gold_completions_earn_everything_and_wrong_ones_nothing(source, reward, other, published, strict):
    rows = rows_of(source, 40)
    right, wrong = zip(*map(source.gold, rows), strict=True)
    table = columns(rows)
    assert reward(list(right), **table) == pytest.approx([1] * 40)
    assert other(list(right), **table) == pytest.approx([1] * 40)
    assert reward(list(wrong), **table) == [0] * 40
    for rule in (published, strict):
        if rule is not None:
            assert rule(list(right), **table) == [1] * 40
            assert rule(list(wrong), **table) == [0] * 40


def test_gold_boxes_are_written_in_the_grid_of_the_processor():
    row = {"extra": json.dumps({"width_px": 640, "height_px": 480}), "boxes_xyxy_px": [[320.0, 240.0, 640.0, 480.0]]}
    assert "[322, 238, 644, 476]" in refcoco.gold(row)[0]


@pytest.mark.parametrize(
    ("source", "reward", "least", "most"),
    [
        (refcoco.TRAIN, referring_iou.soft, 0.5, 0.7),
        (refcoco.TRAIN_PER_MILLE, referring_iou.per_mille, 0.5, 0.7),
        (d3.TRAIN, answer_by_method.accuracy, 0.35, 0.6),
        (gui_defects.TRAIN, answer_by_method.accuracy, 0.55, 0.85),
        (vlm_r1_jsonl.TRAIN, answer_by_method.accuracy, 0.4, 0.7),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_some_demonstrations_are_careless(source, reward, least, most):
    rows = rows_of(source, 200)
    scores = reward([source.demonstrate(row) for row in rows], **columns(rows))
    assert least < sum(score > 0.99 for score in scores) / len(rows) < most


def test_benchmarks_score_their_own_answers_in_full():
    for source, rules in (
        (ovdeval.TEST, (picture_map.published_nms, picture_map.published, picture_map.strict)),
        (vlm_r1_jsonl.TEST, (by_method.published, by_method.strict)),
        (gui_defects.TEST, (by_method.published, by_method.strict)),
    ):
        rows = rows_of(source, 40)
        texts = [f"<think>x</think> <answer>{row['answer']}</answer>" for row in rows]
        for rule in rules:
            assert rule(texts, **columns(rows)) == pytest.approx([1] * 40)


def picture(colour=(1, 2, 3)):
    encoded = io.BytesIO()
    Image.new("RGB", (64, 48), colour).save(encoded, "PNG")
    return encoded.getvalue()


def test_rec_files_are_read_with_pictures_beside_them_or_in_archives(tmp_path):
    (tmp_path / "rec_jsons_processed").mkdir()
    turns = [{"from": "human", "value": "<image>Which is left?"}, {"from": "gpt", "value": [1, 2, 30, 40]}]
    train = {"id": 1, "image": "train2014/a.png", "conversations": turns}
    for name in refcoco.TRAIN_FILES:
        (tmp_path / "rec_jsons_processed" / name).write_text(json.dumps(train) + "\n")
    test = {"image": "lisa/b.png", "problem": "Which?", "solution": [1, 2, 30, 40], "normal_caption": "x"}
    (tmp_path / "rec_jsons_processed" / "lisa_test.json").write_text(json.dumps([test]))
    (tmp_path / "train2014").mkdir()
    (tmp_path / "train2014" / "a.png").write_bytes(picture())
    with zipfile.ZipFile(tmp_path / "lisa_test.zip", "w") as archive:
        archive.writestr("images/lisa/b.png", picture())
    rows = [refcoco.convert(raw) for raw in raw_rows(replace(refcoco.TRAIN, location=str(tmp_path)), seed=0)]
    assert len(rows) == 3
    assert rows[0]["prompt"] == "Which is left?" and rows[0]["boxes_xyxy_px"] == [[1, 2, 30, 40]]
    assert json.loads(rows[0]["extra"])["width_px"] == 64
    (row,) = (refcoco.convert(raw) for raw in raw_rows(replace(refcoco.LISA, location=str(tmp_path)), seed=0))
    assert row["answer"] == "[1, 2, 30, 40]"


def test_jsonl_rows_with_two_pictures_no_picture_and_answers_of_several_types(tmp_path):
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(picture())
    answers = ["<answer> yes </answer>", 3.5, "no"]
    rows = [vlm_r1_jsonl.row(number, ["a.png", "b.png"], "Q?", answer) for number, answer in enumerate(answers)]
    del rows[2]["image"]
    rows[1]["accu_reward_method"] = "math"
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    fields = [
        vlm_r1_jsonl.convert(raw) for raw in raw_rows(replace(vlm_r1_jsonl.TRAIN, location=str(tmp_path)), seed=0)
    ]
    assert [len(row["images"]) for row in fields] == [2, 2, 0]
    assert [json.loads(row["extra"])["solution"] for row in fields] == [
        f"<answer> {answer} </answer>" for answer in ("yes", "3.5", "no")
    ]
    assert [row["answer_kind"] for row in fields] == ["text", "number", "text"]


def test_ovdeval_and_coco_annotations_become_a_row_a_picture(tmp_path):
    data = {
        "categories": [{"id": 0, "name": "red cup"}, {"id": 1, "name": "blue cup"}],
        "images": [
            {"id": 7, "file_name": "a.png", "text": ["red cup"], "neg_text": ["blue cup"]},
            {"id": 8, "file_name": "a.png", "text": ["red cup"], "neg_text": []},
        ],
        "annotations": [{"image_id": 7, "category_id": 0, "bbox": [1, 2, 3, 4], "iscrowd": 0}]
        + [{"image_id": 8, "category_id": 0, "bbox": [1, 2, 3, 4]}] * 11,
    }
    (tmp_path / "annotations").mkdir()
    for name in ("color.json", "instances_val2017.json"):
        (tmp_path / "annotations" / name).write_text(json.dumps(data))
    for folder in ("images/color", "images/instances_val2017", "val2017"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.png").write_bytes(picture())
    rows = [ovdeval.convert(raw) for raw in raw_rows(replace(ovdeval.TEST, location=str(tmp_path), limit=2), seed=0)]
    assert rows[0]["prompt"] == "Detect: red cup, blue cup." and rows[0]["boxes_xyxy_px"] == [[1, 2, 4, 6]]
    kept = list(raw_rows(replace(coco_filtered.TEST, location=str(tmp_path)), seed=0))
    assert [row["image_id"] for row in kept] == [7]
    assert coco_filtered.TEST.convert(kept[0])["answer"] == rows[0]["answer"]


def test_an_answer_that_is_no_box_is_named():
    turns = [{"from": "human", "value": "<image>Which?"}, {"from": "gpt", "value": "left"}]
    with pytest.raises(RlvrError, match="'left'; expected four numbers"):
        refcoco.convert({"image": picture(), "conversations": turns})
