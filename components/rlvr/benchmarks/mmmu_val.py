"""MMMU validation: 900 questions of college courses, answered with a letter, a number or a text.

replace(mmmu_val.BENCHMARK, prompt=Prompt(...), published=(...))
"""

from rlvr.benchmarks.benchmark import Benchmark
from rlvr.datasets import mmmu_val
from rlvr.prompts import Prompt
from rlvr.scoring import mmmu
from rlvr.training import Sampling

BENCHMARK = Benchmark(
    name="mmmu_val",
    title="MMMU validation",
    source=mmmu_val.VALIDATION,
    prompt=Prompt(
        template="{question} First reason inside <think> </think>, then give the answer inside <answer> </answer>."
    ),
    sampling=Sampling(temperature=0.0, max_new_tokens=1024),
    published_rule=mmmu.published,
    strict_rule=mmmu.strict,
)
