"""COCO_filtered of VLM-R1: all 80 categories in every question, mAP over all pictures."""

from dataclasses import replace

from rlvr.benchmarks import ovdeval
from rlvr.datasets import coco_filtered
from rlvr.scoring import picture_map

BENCHMARK = replace(
    ovdeval.BENCHMARK,
    name="coco_filtered",
    title="COCO_filtered",
    source=coco_filtered.TEST,
    published_rule=picture_map.published,
    published_boxes=picture_map.published_boxes,
    macro_by=None,
    version=1,
)
