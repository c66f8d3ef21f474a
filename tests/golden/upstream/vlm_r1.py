"""Adapters for VLM-R1's rewards and evaluation rules, and for OVDEval's suppression of duplicates."""

from shapes import Adapter, Inputs, reward

from rlvr.rewards import (
    answer_by_method,
    cosine_length,
    detection_map,
    referring_format,
    referring_iou,
    repetition,
    think_format,
)
from rlvr.rewards.referring_iou import Size
from rlvr.scoring import ground_truth_nms, referring

METHODS = (
    *("default", "mcq", "yes_no", "math", "all_match"),
    *("map", "od_ap", "od_ap50", "odLength", "weighted_sum"),
)

MISSING = [0.0, 0.0, 0.0, 0.0]
"""What upstream's evaluation takes for an answer without a box."""


def grid(inputs: Inputs) -> Size:
    """Width and height of the processor's grid in pixels; `image_grid_thw` counts patches of 14 px."""
    _, height, width = inputs["image_grid_thw"]
    return width * 14, height * 14


def soft_iou(inputs: Inputs) -> float | None:
    return referring_iou.rescaled_iou(
        inputs["completion"], inputs["solution"], grid(inputs), tuple(inputs["image_size_wh"])
    )


def hard_iou(inputs: Inputs) -> float | None:
    return referring_iou.hard([inputs["completion"]], boxes_xyxy_px=[[inputs["solution"]]])[0]


def evaluated(box: list[float] | None, inputs: Inputs) -> list[float] | None:
    """[1 when right, x1, y1, x2, y2 in pixels of the picture]."""
    found = referring.judged(box or MISSING, inputs["solution"], grid(inputs), tuple(inputs["image_size_wh"]))
    return None if found is None else [found[0], *found[1]]


def test_rec_r1(inputs: Inputs) -> list[float] | None:
    return evaluated(referring.last_braced_box(inputs["completion"]), inputs)


def test_rec_baseline(inputs: Inputs) -> list[float] | None:
    return evaluated(referring.first_number_box(inputs["completion"]), inputs)


def map_with_length(inputs: Inputs) -> float | None:
    return detection_map.fenced(inputs["completion"], inputs["solution"], length=True)


def length(inputs: Inputs) -> float | None:
    return cosine_length.cosine([inputs["completion"]], tokens=[inputs["tokenizer_len_of_completion"]])[0]


def suppressed(inputs: Inputs) -> list[int]:
    """Positions of the kept predictions; of equal predictions upstream's rows name the first."""
    predictions = inputs["prediction"]
    truths, boxes = ([item["bbox"] for item in items] for items in (inputs["gt"], predictions))
    kept = ground_truth_nms.kept(truths, boxes, [item["score"] for item in predictions], inputs["iou_threshold"])
    return [predictions.index(predictions[place]) for place in kept]


ADAPTERS: dict[str, Adapter] = {
    "iou_reward": soft_iou,
    "iou_reward@a301eb2": hard_iou,
    "internvl.iou_reward": reward(referring_iou.per_mille, "solution"),
    "format_reward_rec": reward(referring_format.in_braces),
    "format_reward@a301eb2": reward(referring_format.in_braces_fullmatch),
    "internvl.format_reward_rec": reward(referring_format.bare),
    "format_reward": reward(think_format.fullmatch),
    "map_reward(length_reward=True)": map_with_length,
    "repetition_rewards": reward(repetition.penalty),
    "cosine_rewards": length,
    "test_rec_r1": test_rec_r1,
    "test_rec_baseline": test_rec_baseline,
    "nms_threaded": suppressed,
    **{
        f"accuracy_reward[{method}]": reward(answer_by_method.accuracy, "solution", "accu_reward_method")
        for method in METHODS
    },
}
