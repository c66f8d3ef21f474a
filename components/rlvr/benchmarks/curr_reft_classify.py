"""Classes in RefCOCO pictures as Curr-ReFT scores them: all must be named, further ones cost nothing."""

from rlvr.benchmarks.benchmark import Benchmark
from rlvr.benchmarks.curr_reft_prompts import OPEN, SAMPLING
from rlvr.datasets import curr_reft_open
from rlvr.scoring import curr_reft

BENCHMARK = Benchmark(
    name="curr_reft_classify",
    title="Curr-ReFT classes",
    source=curr_reft_open.CLASSIFY_TEST,
    prompt=OPEN,
    sampling=SAMPLING,
    published_rule=curr_reft.classes_published,
    strict_rule=curr_reft.classes_strict,
)
