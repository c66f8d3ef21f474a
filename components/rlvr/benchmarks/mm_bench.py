"""MMBench, English development part: a letter of the options, each question asked once.

The benchmark's own evaluation asks every question with all rotations of its options and lets a language model find the
letter; publications that print a figure rarely say which they did.
"""

from dataclasses import replace

from rlvr.benchmarks import mmmu_val
from rlvr.datasets import mm_bench

BENCHMARK = replace(mmmu_val.BENCHMARK, name="mm_bench", title="MMBench (English, dev)", source=mm_bench.DEV)
