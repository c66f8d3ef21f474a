"""Curr-ReFT's mathematics in the training domain; its published rule takes any number for another, the strict not."""

from rlvr.benchmarks.benchmark import Benchmark
from rlvr.benchmarks.curr_reft_prompts import OPEN, SAMPLING
from rlvr.datasets import curr_reft_open
from rlvr.scoring import curr_reft

BENCHMARK = Benchmark(
    name="curr_reft_math",
    title="Curr-ReFT mathematics",
    source=curr_reft_open.MATH_TEST,
    prompt=OPEN,
    sampling=SAMPLING,
    published_rule=curr_reft.math_published,
    strict_rule=curr_reft.math_strict,
)
