"""SuperCLEVR-200 as Curr-ReFT scores it: the number anywhere in the output, so that 14 answers 4."""

from rlvr.benchmarks.benchmark import Benchmark
from rlvr.benchmarks.curr_reft_prompts import OPEN, SAMPLING
from rlvr.datasets import curr_reft_other_domains
from rlvr.scoring import curr_reft

BENCHMARK = Benchmark(
    name="curr_reft_superclevr",
    title="SuperCLEVR-200 (Curr-ReFT)",
    source=curr_reft_other_domains.COUNTS,
    prompt=OPEN,
    sampling=SAMPLING,
    published_rule=curr_reft.number_published,
    strict_rule=curr_reft.number_strict,
)
