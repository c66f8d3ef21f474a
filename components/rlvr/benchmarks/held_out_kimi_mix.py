r"""Held-out rows in the form of Kimi's RL set: dice to be added up, until one brings rows of one's own.

Kimi publishes neither its RL rows nor a held-out part of them.
"""

from rlvr.benchmarks.benchmark import Benchmark
from rlvr.datasets import kimi_mix
from rlvr.prompts import Prompt
from rlvr.scoring import boxed_conclusion
from rlvr.training import Sampling

PROMPT = Prompt(template="{question} Answer in \\boxed{}.")
"""Our wording; the model's own markers around its reasoning are not asked for."""

BENCHMARK = Benchmark(
    name="held_out_kimi_mix",
    title="Held-out dice",
    source=kimi_mix.TEST,
    prompt=PROMPT,
    sampling=Sampling(temperature=0.8, max_new_tokens=32_768),
    published_rule=boxed_conclusion.published,
    strict_rule=boxed_conclusion.strict,
)
