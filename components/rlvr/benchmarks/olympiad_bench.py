"""OlympiadBench's English open-ended mathematics with pictures (150 rows).

MM-Eureka lets GPT-4o say yes or no; our published rule compares the answer that is said, by math-verify. The intervals
of 150 rows are wide: about 7 points to either side.
"""

from rlvr.benchmarks.benchmark import Benchmark
from rlvr.benchmarks.math_vista import PROMPT
from rlvr.datasets import olympiad_bench
from rlvr.scoring import letter_or_value
from rlvr.training import Sampling

BENCHMARK = Benchmark(
    name="olympiad_bench",
    title="OlympiadBench OE_MM_maths_en_COMP",
    source=olympiad_bench.TEST,
    prompt=PROMPT,
    sampling=Sampling(temperature=0.0, max_new_tokens=4096),
    published_rule=letter_or_value.published,
    strict_rule=letter_or_value.strict,
)
