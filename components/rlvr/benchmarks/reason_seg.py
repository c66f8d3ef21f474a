"""LISA's ReasonSeg as Visual-RFT scores it: mean IoU of boxes on the test and the validation part.

Upstream's second figure (gIoU) needs a segmentation model that turns boxes into masks, and is not computed here.
"""

from dataclasses import replace

from rlvr.benchmarks.benchmark import Benchmark
from rlvr.datasets import reason_seg
from rlvr.prompts import Prompt
from rlvr.scoring import grounding
from rlvr.training import Sampling

TASK = "Find this: {question}. Reason in <think> </think>, then give its box in <answer> </answer> as (x1,y1),(x2,y2)."

PROMPT = Prompt(
    system="You first reason, then answer: <think> your reasoning </think><answer> your answer </answer>.",
    template=TASK,
)
"""The evaluation's contract: it has a system turn that training has not."""

TEST = Benchmark(
    name="reason_seg_test",
    title="ReasonSeg test",
    source=reason_seg.TEST,
    prompt=PROMPT,
    sampling=Sampling(temperature=0.0, max_new_tokens=128),
    published_rule=grounding.published,
    strict_rule=grounding.strict,
)
"""779 pictures. Upstream generates with the checkpoint's own settings, whose top_k is 1: greedy."""

VAL = replace(TEST, name="reason_seg_val", title="ReasonSeg val", source=reason_seg.VAL)
"""200 pictures."""
