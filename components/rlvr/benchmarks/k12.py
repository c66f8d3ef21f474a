"""K12 of MM-Eureka's repository: 500 free-form school questions.

MM-Eureka lets GPT-4o say yes or no; our published rule compares the answer that is said, by math-verify. Some golds are
whole sentences, which no rule can match.
"""

from rlvr.benchmarks.benchmark import Benchmark
from rlvr.benchmarks.math_vista import PROMPT
from rlvr.datasets import k12
from rlvr.scoring import letter_or_value
from rlvr.training import Sampling

BENCHMARK = Benchmark(
    name="k12",
    title="K12 (MM-Eureka)",
    source=k12.TEST,
    prompt=PROMPT,
    sampling=Sampling(temperature=0.0, max_new_tokens=4096),
    published_rule=letter_or_value.published,
    strict_rule=letter_or_value.strict,
)
