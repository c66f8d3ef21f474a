"""EMMA, whose own evaluation lets a language model score open answers: here letters are compared, and values by rule.

VL-Rethinker prints a figure for "EMMA" without a row count; whether it is this set or EMMA-mini is not stated.
"""

from rlvr.benchmarks.benchmark import Benchmark
from rlvr.benchmarks.math_vista import PROMPT
from rlvr.datasets import emma
from rlvr.scoring import letter_or_value
from rlvr.training import Sampling

BENCHMARK = Benchmark(
    name="emma",
    title="EMMA",
    source=emma.TEST,
    prompt=PROMPT,
    sampling=Sampling(temperature=0.0, max_new_tokens=4096),
    published_rule=letter_or_value.published,
    strict_rule=letter_or_value.strict,
)
