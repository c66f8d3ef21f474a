"""Detection on LVIS v1 val, one category a question: six few-shot categories, and thirteen for open vocabulary.

As on COCO (`coco_detection`), published figures are mAP x 100 over the categories.
"""

from dataclasses import replace

from rlvr.benchmarks import coco_detection
from rlvr.datasets import lvis_val

RARE_6 = replace(
    coco_detection.FEW_SHOT, name="lvis_6", title="LVIS v1 val, 6 rare categories", source=lvis_val.RARE_6_2B
)
"""The few-shot benchmark."""

RARE_13 = replace(RARE_6, name="lvis_13", title="LVIS v1 val, 13 rare categories", source=lvis_val.RARE_13_2B)
"""The open-vocabulary benchmark's LVIS part."""
