"""MathVerse testmini, shared by several methods: each sets its own prompt and published numbers.

A problem is asked in several versions, so intervals are clustered by problem.
"""

from rlvr.benchmarks.benchmark import Benchmark
from rlvr.benchmarks.math_vista import PROMPT
from rlvr.datasets import math_verse
from rlvr.scoring import letter_or_value
from rlvr.training import Sampling

BENCHMARK = Benchmark(
    name="math_verse",
    title="MathVerse testmini",
    source=math_verse.TESTMINI,
    prompt=PROMPT,
    sampling=Sampling(temperature=0.0, max_new_tokens=4096),
    published_rule=letter_or_value.published,
    strict_rule=letter_or_value.strict,
    cluster_by="problem_index",
)
