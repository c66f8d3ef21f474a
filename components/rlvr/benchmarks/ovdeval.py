"""OVDEval as VLM-R1 prompts it: NMS-AP of each part, averaged over five groups of parts as the overall figure is.

No evaluation script for it is published (upstream issues 233, 250), so greedy decoding and its length are ours.
"""

from rlvr.benchmarks.benchmark import Benchmark
from rlvr.datasets import ovdeval
from rlvr.prompts import Prompt
from rlvr.scoring import picture_map
from rlvr.training import Sampling

PROMPT = Prompt(
    template=(
        "Think in <think> </think>, then answer in <answer> </answer>: ```json with bbox_2d and label of each, "
        "or None.\n{question}"
    )
)
"""VLM-R1's contract for detection: instruction first, then the question; the wording is ours."""

BENCHMARK = Benchmark(
    name="ovdeval",
    title="OVDEval",
    source=ovdeval.TEST,
    prompt=PROMPT,
    sampling=Sampling(temperature=0.0, max_new_tokens=2048),
    published_rule=picture_map.published_nms,
    strict_rule=picture_map.strict,
    published_boxes=picture_map.published_nms_boxes,
    strict_boxes=picture_map.strict_boxes,
    macro_by="part",
    version=2,
)
