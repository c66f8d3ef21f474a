"""Boxes in RefCOCO pictures as Curr-ReFT scores them: an overlap above a half."""

from rlvr.benchmarks.benchmark import Benchmark
from rlvr.benchmarks.curr_reft_prompts import BOX, SAMPLING
from rlvr.datasets import curr_reft_open
from rlvr.scoring import curr_reft

BENCHMARK = Benchmark(
    name="curr_reft_detection",
    title="Curr-ReFT boxes",
    source=curr_reft_open.DETECTION_TEST,
    prompt=BOX,
    sampling=SAMPLING,
    published_rule=curr_reft.detection_published,
    strict_rule=curr_reft.detection_strict,
)
