"""RefGTA as Curr-ReFT scores it: a box may fit any of three frames."""

from rlvr.benchmarks.benchmark import Benchmark
from rlvr.benchmarks.curr_reft_prompts import BOX, SAMPLING
from rlvr.datasets import curr_reft_other_domains
from rlvr.scoring import curr_reft

BENCHMARK = Benchmark(
    name="curr_reft_refgta",
    title="RefGTA (Curr-ReFT)",
    source=curr_reft_other_domains.REFGTA,
    prompt=BOX,
    sampling=SAMPLING,
    published_rule=curr_reft.refgta_published,
    strict_rule=curr_reft.refgta_strict,
)
