"""MathVision test, shared by several methods: each sets its own prompt and published numbers."""

from rlvr.benchmarks.benchmark import Benchmark
from rlvr.benchmarks.math_vista import PROMPT
from rlvr.datasets import math_vision
from rlvr.scoring import letter_or_value
from rlvr.scoring import math_vision as scoring
from rlvr.training import Sampling

BENCHMARK = Benchmark(
    name="math_vision",
    title="MathVision test",
    source=math_vision.TEST,
    prompt=PROMPT,
    sampling=Sampling(temperature=0.0, max_new_tokens=4096),
    published_rule=scoring.published,
    strict_rule=letter_or_value.strict,
)
