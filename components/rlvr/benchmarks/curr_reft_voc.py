"""Classes in Pascal VOC pictures as Curr-ReFT scores them."""

from rlvr.benchmarks.benchmark import Benchmark
from rlvr.benchmarks.curr_reft_prompts import OPEN, SAMPLING
from rlvr.datasets import curr_reft_other_domains
from rlvr.scoring import curr_reft

BENCHMARK = Benchmark(
    name="curr_reft_voc",
    title="Pascal VOC classes (Curr-ReFT)",
    source=curr_reft_other_domains.VOC,
    prompt=OPEN,
    sampling=SAMPLING,
    published_rule=curr_reft.classes_published,
    strict_rule=curr_reft.classes_strict,
)
