"""MEGA-Bench, open set, as far as rules go: scored as `mega_bench_core`. GPT-4o judges the others upstream."""

from dataclasses import replace

from rlvr.benchmarks import mega_bench_core
from rlvr.datasets import mega_bench

BENCHMARK = replace(
    mega_bench_core.BENCHMARK, name="mega_bench_open", title="MEGA-Bench open (rules only)", source=mega_bench.OPEN
)
