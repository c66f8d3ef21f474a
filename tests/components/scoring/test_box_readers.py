"""What detection benchmarks read of replies: boxes with labels and scores, pooled over pictures."""

import json

from rlvr.benchmarks import coco_detection, coco_filtered, lvis_detection, ovdeval, ovdeval_parts
from rlvr.predictions import judged
from rlvr.scoring import detection, picture_map
from rlvr.scoring.average_precision import average_precision
from rlvr.scoring.picture import Picture

CAT = [[0.0, 0.0, 50.0, 50.0]]
SIZES = {"width_px": [100], "height_px": [100]}


def listed(*boxes):
    items = ", ".join(f"{{'Position': {list(box)}, 'Confidence': {score}}}" for box, score in boxes)
    return f"<think>x</think><answer>[{items}]</answer>"


def test_boxes_in_thousandths_become_pixels_with_their_confidence():
    text = listed(((0, 0, 500, 500), 0.9), ((600, 600, 900, 900), 0.3))
    for read in (detection.published_boxes, detection.strict_boxes):
        (picture,) = read([text], boxes_xyxy_px=[CAT], category=["cat"], **SIZES)
        assert picture.found == (("cat", (0.0, 0.0, 50.0, 50.0), 0.9), ("cat", (60.0, 60.0, 90.0, 90.0), 0.3))
        assert picture.truth == (("cat", (0.0, 0.0, 50.0, 50.0)),)
        assert average_precision([picture]) == 1.0
    for text in ("", "No Objects", "<answer>[{'Position': 3}]</answer>", "[" * 10_000, listed(((0, 0, 1e999, 1), 1))):
        (picture,) = detection.published_boxes([text], boxes_xyxy_px=[CAT], category=["cat"], **SIZES)
        assert picture.found == ()


def fenced(*items):
    return f"<answer> ```json\n{json.dumps([{'bbox_2d': box, 'label': label} for box, label in items])}\n``` </answer>"


def test_fenced_boxes_are_suppressed_around_true_ones():
    truth = fenced(([0, 0, 56, 56], "red cup"))
    sizes = {"width_px": [112], "height_px": [112]}
    reply = fenced(([0, 0, 56, 56], "red cup"), ([2, 2, 56, 56], "blue cup"), ([80, 80, 100, 100], "red cup"))
    (plain,) = picture_map.published_boxes([reply], solution=[truth], **sizes)
    assert [label for label, _, _ in plain.found] == ["red cup", "blue cup", "red cup"]
    (kept,) = picture_map.published_nms_boxes([reply], solution=[truth], **sizes)
    assert [label for label, _, _ in kept.found] == ["blue cup", "red cup"]  # of equal scores the last stays
    assert average_precision([plain]) == 1.0 and average_precision([kept]) == 0.0
    (strict,) = picture_map.strict_boxes([f"{reply} as I said"], solution=[truth], **sizes)
    assert strict.found == plain.found
    (none,) = picture_map.strict_boxes([reply.replace("```json", "so: ```json")], solution=[truth], **sizes)
    assert none.found == () and none.truth == plain.truth
    for text in ("", "<answer>None</answer>", fenced(([0, 0], "x")), '<answer>```json [{"bbox_2d": 3}]```</answer>'):
        assert picture_map.published_boxes([text], solution=[truth], **sizes)[0].found == ()


def test_predictions_keep_the_boxes():
    assert coco_detection.FEW_SHOT.aggregate == coco_filtered.BENCHMARK.aggregate == "average_precision"
    assert ovdeval.BENCHMARK.aggregate == "grouped_average_precision"
    assert {one.aggregate for one in ovdeval_parts.BENCHMARKS} == {"average_precision"}
    extra = json.dumps({"category": "bus", "width_px": 100, "height_px": 100})
    row = {"row_id": "a", "boxes_xyxy_px": CAT, "extra": extra}
    reply = {"row": 0, "row_id": "a", "sample": 0, "tokens": 1, "truncated": False}
    (line,) = judged(coco_detection.FEW_SHOT, [row], [reply | {"completion": listed(((0, 0, 500, 500), 0.9))}])
    assert (line["published"], line["strict"]) == (1.0, 1.0)
    assert Picture.from_text(line["published_boxes"]) == Picture.from_text(line["strict_boxes"])
    assert json.loads(line["gold"])["category"] == "bus" and line["cluster"] is None


def test_lvis_leaves_unchecked_pictures_out_and_partly_marked_ones_open():
    texts = [listed(((0, 0, 500, 500), 0.5))] + [listed(((0, 0, 500, 500), 0.9))] * 2
    table = {
        "boxes_xyxy_px": [CAT, [], []], "category": ["cat"] * 3, "width_px": [100] * 3, "height_px": [100] * 3,
        "checked": [True, False, True], "exhaustive": [True, True, False],
    }  # fmt: skip
    coco = detection.published_boxes(texts, **table)
    assert average_precision(coco) < 0.5
    for benchmark in (lvis_detection.RARE_6_FEDERATED, lvis_detection.RARE_13_FEDERATED):
        for read in (benchmark.published_boxes, benchmark.strict_boxes):
            pictures = read(texts, **table)
            assert [len(one.found) for one in pictures] == [1, 0, 1]
            assert [one.exhaustive for one in pictures] == [True, True, False]
            assert average_precision(pictures) == 1.0
            assert [Picture.from_text(one.to_text()) for one in pictures] == pictures
        assert benchmark.aggregate == "average_precision" and not benchmark.published
