"""Detection on LVIS v1 val, one category a question: six few-shot categories, and thirteen for open vocabulary.

As on COCO (`coco_detection`), published figures are COCO's mAP x 100 over the categories. The `federated` benchmarks
score the same replies by LVIS's own protocol (arXiv 1908.03195), for which no figure is published:
`rlvr score lvis_6_federated --predictions FILE --rows DIR`.
"""

from dataclasses import replace

from rlvr.benchmarks import coco_detection
from rlvr.datasets import lvis_val
from rlvr.scoring import detection

RARE_6 = replace(
    coco_detection.FEW_SHOT, name="lvis_6", title="LVIS v1 val, 6 rare categories", source=lvis_val.RARE_6_2B
)
"""The few-shot benchmark."""

RARE_13 = replace(RARE_6, name="lvis_13", title="LVIS v1 val, 13 rare categories", source=lvis_val.RARE_13_2B)
"""The open-vocabulary benchmark's LVIS part."""

RARE_6_FEDERATED = replace(
    RARE_6,
    name="lvis_6_federated",
    title="LVIS v1 val, 6 rare categories (LVIS AP)",
    published_boxes=detection.federated_boxes,
    strict_boxes=detection.federated_strict_boxes,
)
"""The few-shot benchmark by LVIS's protocol."""

RARE_13_FEDERATED = replace(
    RARE_6_FEDERATED,
    name="lvis_13_federated",
    title="LVIS v1 val, 13 rare categories (LVIS AP)",
    source=lvis_val.RARE_13_2B,
)
"""The open-vocabulary benchmark's LVIS part by LVIS's protocol."""
