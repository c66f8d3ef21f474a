"""COCO_filtered of VLM-R1: all 80 categories in every question, mAP of each picture's boxes."""

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
)
