r"""MathVista testmini, shared by several methods: each sets its own prompt and published numbers.

    replace(math_vista.BENCHMARK, prompt=Prompt(...), published=(...))

The primary benchmark of methods that train on mathematics in pictures.
"""

from rlvr.benchmarks.benchmark import Benchmark
from rlvr.datasets import math_vista
from rlvr.prompts import Prompt
from rlvr.scoring import math_vista as scoring
from rlvr.training import Sampling

PROMPT = Prompt(template="{question}\nReason step by step and put the final answer into \\boxed{}.")
"""The answer format that publications share; a method with tags replaces it."""

BENCHMARK = Benchmark(
    name="math_vista",
    title="MathVista testmini",
    source=math_vista.TESTMINI,
    prompt=PROMPT,
    sampling=Sampling(temperature=0.0, max_new_tokens=2048),
    published_rule=scoring.published,
    strict_rule=scoring.strict,
)
