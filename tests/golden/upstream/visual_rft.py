"""Adapters for Visual-RFT's rewards and evaluation rules."""

import math

from shapes import Inputs, reward

from rlvr.rewards import class_name, detection_confidence, detection_iou, grounding_giou, think_format
from rlvr.scoring import class_name as class_name_scoring
from rlvr.scoring import detection, grounding


def coco_boxes(inputs: Inputs) -> list[list[float]] | None:
    return detection.evaluated_boxes(inputs["completion"], inputs["image_height"], inputs["image_width"])


def lisa_iou(inputs: Inputs) -> float | None:
    return grounding.first_box_iou(inputs["completion"], inputs["gt_bbox_xyxy_0_1"])


ADAPTERS = {
    "accuracy_reward_iou": reward(detection_iou.accuracy, "solution"),
    "accuracy_reward_confidence": reward(detection_confidence.accuracy, "solution"),
    "classification:accuracy_reward": reward(class_name.accuracy, "solution"),
    "lisa_grounding:accuracy_reward": reward(grounding_giou.accuracy, "solution"),
    "format_reward": reward(think_format.fullmatch),
    "answer_match": reward(class_name_scoring.published, "category"),
    "extract_bbox+trans_bbox": coco_boxes,
    "bbox_iou": lisa_iou,
}


def no_finite_value(row: Inputs) -> bool:
    return isinstance(row["expected"], float) and not math.isfinite(row["expected"])


DEPARTURES = {"finite_rewards": no_finite_value}
