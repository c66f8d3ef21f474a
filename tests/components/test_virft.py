"""Visual-RFT's rewards, answer rules and data sources."""

import io
import json
import random
import time
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from rlvr.data.load import raw_rows
from rlvr.data.near_copies import near_copies
from rlvr.data.near_hashes import candidates
from rlvr.data.perceptual_hash import perceptual_hash
from rlvr.data.rows import row_id
from rlvr.datasets import (
    coco_val,
    fine_grained_test,
    lvis_val,
    reason_seg,
    solids,
    virft_classification,
    virft_coco,
    virft_lvis,
)
from rlvr.detections import strict_list
from rlvr.errors import RlvrError
from rlvr.rewards import class_name, detection_confidence, detection_iou, grounding_giou, symbolic
from rlvr.scoring import class_name as class_name_scoring
from rlvr.scoring import detection, grounding

BOXES = "<answer>[{'Position': [100, 200, 300, 400], 'Confidence': 1.0}]</answer>"
NONE = "<answer>No Objects</answer>"

TRAIN = [
    virft_coco.FEW_SHOT,
    virft_coco.FULL,
    virft_coco.BASE65,
    virft_lvis.FEW_SHOT,
    virft_classification.FLOWERS_4_SHOT,
    virft_classification.AIRCRAFT_4_SHOT,
    virft_classification.CARS_4_SHOT,
    virft_classification.PETS_4_SHOT,
    reason_seg.TRAIN,
]
TEST = [
    coco_val.FEW_SHOT_2B,
    coco_val.NOVEL_2B,
    lvis_val.RARE_6_2B,
    lvis_val.RARE_13_2B,
    fine_grained_test.FLOWERS,
    fine_grained_test.AIRCRAFT,
    fine_grained_test.CARS,
    fine_grained_test.PETS,
    reason_seg.VAL,
    reason_seg.TEST,
]
REWARDS = [
    detection_iou.accuracy,
    detection_iou.strict,
    detection_confidence.accuracy,
    detection_confidence.strict,
    class_name.accuracy,
    class_name.strict,
    grounding_giou.accuracy,
    grounding_giou.strict,
]
DETECTIONS = [detection_iou, detection_confidence]


def boxes(*listed):
    return (
        virft_coco.completion([box for box, _ in listed])
        if not listed
        else "<answer>{}</answer>".format(
            [{"Position": list(box), "Confidence": confidence} for box, confidence in listed]
        )
    )


def converted(source, n, seed=0):
    for raw in source.synthetic(n, seed):
        row = source.convert(raw)
        yield raw, {**row, "row_id": row_id(row)}


# Rewards


@pytest.fixture(scope="module", autouse=True)
def warm_worker():
    assert symbolic.equal("1", "1") is True


HOSTILE = [
    "<answer>" * 12_000,
    "<answer>" + "[" * 100_000 + "</answer>",
    "<answer>" + "{'Position': " * 8_000 + "</answer>",
    "<answer>[" + "{'Position': [1, 2, 3, 4], 'Confidence': 1}, " * 2_500 + "]</answer>",
    "<answer>[" + "{'Position': [1, 2, 3, 4], 'Confidence': 0.5}," * 2_500 + "</answer>",
    "<answer>[{'Position': [" + "9" * 90_000 + ", 0, 1, 1], 'Confidence': 1}]</answer>",
    "<answer>(" + "9" * 90_000 + ",1),(2,3)</answer>",
    "<answer>" + "(1,1)," * 16_000 + "</answer>",
    "<answer>" + "(1 " * 33_000 + "</answer>",
    "<answer>(1,1)" + " " * 90_000 + "</answer>",
]


@pytest.mark.parametrize("reward", REWARDS, ids=lambda reward: f"{reward.__module__}.{reward.__name__}")
def test_hostile_text_is_scored_in_no_time(reward):
    for text in HOSTILE:
        started = time.perf_counter()
        (score,) = reward([text], solution=["<answer>(100,200),(300,400)</answer>"])
        assert time.perf_counter() - started < 1, text[:40]
        assert score is None or score == score


def test_the_right_y1_alone_earns_upstreams_detection_rewards():
    text = "<answer>[{'Position': [0, 200, 0, 0], 'Confidence': 0.1}]</answer>"
    for reward in DETECTIONS:
        assert reward.accuracy([text], solution=[BOXES]) == [1]
        assert reward.strict([text], solution=[BOXES]) == [0]


def test_one_far_off_box_without_confidence_earns_upstreams_confidence_reward():
    text = boxes(((800, 800, 900, 900), 0.0))
    assert detection_confidence.accuracy([text], solution=[BOXES]) == [1]
    assert detection_confidence.strict([text], solution=[BOXES]) == [0]
    assert detection_iou.accuracy([text], solution=[BOXES]) == [0]


def test_nothing_to_find_is_paid_by_the_strict_rewards_alone():
    for reward in DETECTIONS:
        assert reward.accuracy([NONE], solution=[NONE]) == [0]
        assert reward.strict([NONE, BOXES], solution=[NONE, NONE]) == [1, 0]


def test_missed_and_surplus_boxes_cost():
    truth = boxes(((0, 10, 100, 110), 1.0), ((500, 500, 600, 600), 1.0))
    one = boxes(((0, 10, 100, 110), 1.0))
    three = boxes(((0, 10, 100, 110), 1.0), ((500, 500, 600, 600), 1.0), ((700, 0, 900, 90), 0.0))
    assert detection_iou.strict([one, three], solution=[truth, truth]) == [0.5, pytest.approx(2 / 3)]
    assert detection_confidence.strict([one, three], solution=[truth, truth]) == [0.5, 1]


@pytest.mark.parametrize("confidence", ["NaN", "-Infinity", "Infinity", "'0.9'", "null", "1e400"])
def test_absurd_confidences_leave_a_finite_reward_or_none(confidence):
    text = f"<answer>[{{'Position': [101, 201, 301, 401], 'Confidence': {confidence}}}]</answer>"
    for reward in DETECTIONS:
        (score,) = reward.accuracy([text], solution=[BOXES])
        assert score is None or 0 <= score <= 1
        assert reward.strict([text], solution=[BOXES]) == [0]


@pytest.mark.parametrize(
    "body",
    [
        "[]",
        "none",
        "[{'Position': [1, 2, 3, 4], 'Confidence': 0.5}] and more",
        "[{'Position': [3, 2, 1, 4], 'Confidence': 0.5}]",
        "[{'Position': [1, 2, 3, 1001], 'Confidence': 0.5}]",
        "[{'Position': [1, 2, 3, 4], 'Confidence': 1.5}]",
        "[{'Position': [1, 2, 3], 'Confidence': 0.5}]",
        "[{'Position': [1, 2, 3, 4]}]",
        "[{'Position': [1, 2, 3, 4], 'Confidence': 0.5},]",
    ],
)
def test_other_forms_are_no_strict_list(body):
    assert strict_list(f"<answer>{body}</answer>") is None


def test_class_names_in_part_satisfy_upstream_alone():
    texts = [
        f"<answer>{name}</answer>" for name in ("", "p", "Pink Primrose", "rose", "pink primrose or daisy", "daisy")
    ]
    solutions = ["<answer>pink_primrose</answer>"] * len(texts)
    assert class_name.accuracy(texts, solution=solutions) == [1, 1, 1, 1, 1, 0]
    assert class_name.strict(texts, solution=solutions) == [0, 0, 1, 0, 0, 0]


def test_two_or_inverted_boxes_break_upstreams_grounding_reward_alone():
    truth = "<answer> (100,200),(300,400) </answer>"
    answers = [
        "(100,200),(300,400)",
        "(300,400),(100,200)",
        "(0,0),(1,1),(1,2),(2,1) (3,4),(900,900)",
        "(1,1),(9,99999)",
    ]
    texts = [f"<think></think><answer>{answer}</answer>" for answer in answers]
    given = grounding_giou.accuracy(texts, solution=[truth] * 4)
    assert given[:2] == [2, 2]
    assert grounding_giou.strict(texts, solution=[truth] * 4) == [1, 0, 0, 0]


# Answer rules


def test_average_precision_and_f1_of_one_answer():
    table = {"boxes_xyxy_px": [[[0.0, 0.0, 50.0, 100.0]]], "width_px": [100], "height_px": [200]}
    right, sloppy = boxes(((0, 0, 500, 500), 0.9)), boxes(((0, 0, 500, 750), 0.9))
    doubled = boxes(((0, 0, 500, 500), 0.9), ((600, 0, 900, 500), 0.8))
    for text, ap, f1 in ((right, 1, 1), (sloppy, 0.4, 0.4), (doubled, 1, 2 / 3), (NONE, 0, 0), ("what", None, None)):
        assert detection.published([text], **table) == [pytest.approx(ap)], text
        assert detection.strict([text], **table) == [pytest.approx(f1)], text
    empty = {**table, "boxes_xyxy_px": [[]]}
    assert detection.published([NONE], **empty) == detection.strict([NONE], **empty) == [1]
    assert detection.published([right], **empty) == detection.strict([right], **empty) == [0]


def test_rules_of_classification_and_grounding_tell_wrong_from_unreadable():
    texts = ["<answer>rose</answer>", "<answer>daisy</answer>", "rose"]
    assert class_name_scoring.published(texts, category=["pink rose"] * 3) == [1, 0, None]
    assert class_name_scoring.strict(texts, category=["pink rose"] * 3) == [0, 0, None]
    unit = [[0.1, 0.2, 0.3, 0.4]] * 3
    texts = ["(100,200),(300,400)", "<answer>(100,200),(300,400)</answer>", "<answer>[100,200,300,400]</answer>"]
    assert grounding.published(texts, box_unit=unit) == [pytest.approx(1, abs=1e-4), pytest.approx(1, abs=1e-4), None]
    assert grounding.strict(texts, box_unit=unit) == [None, pytest.approx(1), None]


# Data sources


@pytest.mark.parametrize("source", [*TRAIN, *TEST], ids=lambda source: source.name)
def test_synthetic_rows_have_the_columns_and_are_reproducible(source):
    first, again = list(source.synthetic(5, 3)), list(source.synthetic(5, 3))
    assert first == again
    assert first != list(source.synthetic(5, 4))
    for raw, row in converted(source, 5):
        assert set(source.columns) == set(raw)
        Image.open(io.BytesIO(row["images"][0])).load()
        assert row["prompt"] and row["answer"]


def test_no_training_row_is_a_test_row():
    train = {row["images"][0] for source in TRAIN for _, row in converted(source, 30)}
    test = {row["images"][0] for source in TEST for _, row in converted(source, 30)}
    assert len(train) == 30 * len(TRAIN)
    assert not train & test


def ground(png):
    """Brightness of a picture's commonest colour."""
    opened = Image.open(io.BytesIO(png))
    red, green, blue = max(opened.getcolors(opened.width * opened.height))[1]
    return 0.299 * red + 0.587 * green + 0.114 * blue


def test_test_pictures_stand_on_darker_grounds_than_training_pictures():
    train, test = (
        [ground(row["images"][0]) for source in sources for _, row in converted(source, 20)]
        for sources in (
            (virft_coco.FEW_SHOT, virft_coco.BASE65, virft_lvis.FEW_SHOT),
            (coco_val.FEW_SHOT_2B, coco_val.NOVEL_2B, lvis_val.RARE_6_2B, lvis_val.RARE_13_2B),
        )
    )
    assert max(test) + 7 <= min(train)


def test_one_scene_on_the_nearest_grounds_is_no_near_copy():
    random_numbers = random.Random(0)
    edges = solids.GROUND[0], solids.TEST_GROUND[1]
    scenes = [list(zip(solids.LOOKS, solids.place(2, random_numbers), strict=False)) for _ in range(15)]
    train, test = ([solids.draw(things, random_numbers, (edge, edge)) for things in scenes] for edge in edges)
    hashes = [[perceptual_hash(Image.open(io.BytesIO(png))) for png in pictures] for pictures in (train, test)]
    assert len(candidates(*(np.array(values, np.uint64) for values in hashes)).first) >= 10, "scenes are alike"
    assert near_copies(hashes[0], train.__getitem__, hashes[1], test.__getitem__).first.tolist() == []


def shown(picture, box):
    """Pixel in the middle of a box of thousandths."""
    x1, y1, x2, y2 = box
    opened = Image.open(io.BytesIO(picture)).convert("RGB")
    return opened.getpixel(((x1 + x2) * opened.width // 2000, (y1 + y2) * opened.height // 2000))


def test_the_box_shows_the_category_that_is_asked_for():
    for raw, row in converted(virft_coco.FEW_SHOT, 20):
        ((box, _),) = strict_list(raw["solution"])
        category = json.loads(row["extra"])["category"]
        look = solids.LOOKS[virft_coco.FEW_SHOT_CATEGORIES.index(category)]
        assert shown(row["images"][0], box) == look.colour
    for raw, row in converted(coco_val.FEW_SHOT_2B, 20):
        box = [coordinate * 1000 / raw["width"] for coordinate in row["boxes_xyxy_px"][0]]
        look = solids.LOOKS[virft_coco.FEW_SHOT_CATEGORIES.index(raw["category"])]
        assert shown(row["images"][0], [round(number) for number in box]) == look.colour


@pytest.mark.parametrize("source", TRAIN, ids=lambda source: source.name)
def test_two_of_five_demonstrations_are_right(source):
    reward = {"detections": detection_iou, "class_name": class_name, "box": grounding_giou}
    right = []
    for _, row in converted(source, 200):
        text = source.demonstrate(row)
        solution = json.loads(row["extra"])["solution"]
        right += [score == 1 for score in reward[row["answer_kind"]].strict([text], solution=[solution])]
    assert 0.3 < sum(right) / len(right) < 0.5


def test_upstreams_rewards_tell_gold_from_wrong():
    for _, row in converted(virft_coco.FEW_SHOT, 50):
        right, wrong = virft_coco.gold(row)
        solution = json.loads(row["extra"])["solution"]
        assert detection_iou.accuracy([right, wrong], solution=[solution] * 2) == [1, 0]


def test_reason_seg_is_read_from_lisas_folder(tmp_path):
    (tmp_path / "train").mkdir()
    about = {
        "text": ["what cooks?", "a second wording"],
        "is_sentence": True,
        "shapes": [
            {"label": "target", "points": [[10, 5], [33.4, 5], [20, 40]]},
            {"label": "target", "points": [[0, 0]]},
        ],
    }
    (tmp_path / "train" / "a.json").write_text(json.dumps(about))
    (tmp_path / "train" / "without_picture.json").write_text(json.dumps(about))
    (tmp_path / "train" / "b.json").write_bytes(
        json.dumps(about | {"text": ["caf\xe9"]}, ensure_ascii=False).encode("cp1252")
    )
    for name in "ab":
        Image.new("RGB", (100, 50)).save(tmp_path / "train" / f"{name}.jpg")
    source = replace(reason_seg.TRAIN, location=str(tmp_path))
    rows = [source.convert(raw) for raw in raw_rows(source, seed=0)]
    assert [row["prompt"] for row in rows] == ["what cooks?", "a second wording", "caf\xe9"]
    assert rows[0]["answer"] == "(100,100),(333,800)"
    assert grounding_giou.accuracy([rows[0]["answer"]], solution=[json.loads(rows[0]["extra"])["solution"]]) == [2]
    (tmp_path / "train").rename(tmp_path / "test")
    source = replace(reason_seg.TEST, location=str(tmp_path))
    assert [raw["text"] for raw in raw_rows(source, seed=0)] == ["what cooks?", "caf\xe9"]
    with pytest.raises(RlvrError, match="ReasonSeg's val part"):
        list(raw_rows(replace(reason_seg.VAL, location=str(tmp_path)), seed=0))


def test_coco_is_joined_with_the_map_of_claimed_categories(tmp_path):
    (tmp_path / "annotations").mkdir()
    (tmp_path / "val2017").mkdir()
    Image.new("RGB", (64, 48)).save(tmp_path / "val2017" / "7.jpg")
    truth = {
        "images": [{"id": 7, "file_name": "7.jpg", "width": 64, "height": 48}],
        "categories": [{"id": 6, "name": "bus"}, {"id": 18, "name": "dog"}, {"id": 1, "name": "person"}],
        "annotations": [
            {"image_id": 7, "category_id": 6, "bbox": [1, 2, 3, 4], "iscrowd": 0},
            {"image_id": 7, "category_id": 6, "bbox": [0, 0, 64, 48], "iscrowd": 1},
        ],
    }
    (tmp_path / "annotations" / "instances_val2017.json").write_text(json.dumps(truth))
    source = replace(coco_val.FEW_SHOT_2B, location=str(tmp_path))
    with pytest.raises(RlvrError, match="exist_map"):
        list(raw_rows(source, seed=0))
    claimed = {"7": ["person", "bus", "dog"]}
    (tmp_path / "exist_map_coco_Qwen2_vl_2B_baseline.json").write_text(json.dumps(claimed))
    rows = [source.convert(raw) for raw in raw_rows(source, seed=0)]
    assert [(row["prompt"], row["boxes_xyxy_px"]) for row in rows] == [
        ("Detect every 'bus'.", [[1, 2, 4, 6]]),
        ("Detect every 'dog'.", []),
    ]


def test_test_sets_find_their_pictures_by_the_end_of_the_path(tmp_path):
    (tmp_path / "oxford_flowers" / "jpg").mkdir(parents=True)
    Image.new("RGB", (40, 40)).save(tmp_path / "oxford_flowers" / "jpg" / "image_1.jpg")
    listed = [{"/elsewhere/data/oxford_flowers/jpg/image_1.jpg": {"label": 1}}]
    (tmp_path / "oxford_flowers.json").write_text(json.dumps(listed))
    (tmp_path / "oxford_flowers.txt").write_text("pink primrose\npassion flower\n")
    source = replace(fine_grained_test.FLOWERS, location=str(tmp_path))
    ((row),) = [source.convert(raw) for raw in raw_rows(source, seed=0)]
    assert row["answer"] == "passion flower"
    (tmp_path / "oxford_flowers.json").write_text(json.dumps([{"/x/other.jpg": {"label": 0}}]))
    with pytest.raises(RlvrError, match="no end of that path"):
        list(raw_rows(source, seed=0))
