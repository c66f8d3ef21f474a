"""Detection on COCO val2017, one category a question: the eight few-shot categories, and the fifteen novel ones.

Figures are COCO's mAP x 100 over the categories and all pictures, with the model's own confidences as scores, as
published. Pictures in which a category was not asked about do not count here; whether they do upstream is not said.
"""

from dataclasses import replace

from rlvr.benchmarks.benchmark import Benchmark
from rlvr.datasets import coco_val
from rlvr.prompts import Prompt
from rlvr.scoring import detection
from rlvr.training import Sampling

PROMPT = Prompt(
    template=(
        "{question} Reason in <think> </think>, then list them in <answer> </answer> as "
        "[{'Position': [x1, y1, x2, y2], 'Confidence': c}, ...] in 0-1000 and 0-1, or say No Objects."
    )
)
"""The contract of all detection tasks: tags, list format and frame are upstream's, the wording is ours."""

FEW_SHOT = Benchmark(
    name="coco_8",
    title="COCO val2017, 8 categories",
    source=coco_val.FEW_SHOT_2B,
    prompt=PROMPT,
    sampling=Sampling(temperature=0.0, max_new_tokens=1024),
    published_rule=detection.published,
    strict_rule=detection.strict,
    published_boxes=detection.published_boxes,
    strict_boxes=detection.strict_boxes,
)
"""Upstream generates with the checkpoint's own settings, whose top_k is 1: greedy."""

NOVEL = replace(FEW_SHOT, name="coco_novel_15", title="COCO val2017, 15 novel categories", source=coco_val.NOVEL_2B)
"""The novel part of the open-vocabulary benchmark; base and all categories are printed too."""
