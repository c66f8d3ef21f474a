"""Held-out screens for VLM-R1's GUI task: upstream publishes training rows alone, so ours are drawn offline."""

from rlvr.benchmarks.benchmark import Benchmark
from rlvr.datasets import gui_defects
from rlvr.prompts import Prompt
from rlvr.scoring import by_method
from rlvr.training import Sampling

PROMPT = Prompt(template="{question} Think in <think> </think>, then answer in <answer> </answer>.")
"""VLM-R1's contract for anything but boxes: tags are upstream's, the wording is ours."""

BENCHMARK = Benchmark(
    name="gui_defects_held_out",
    title="Held-out GUI defects",
    source=gui_defects.TEST,
    prompt=PROMPT,
    sampling=Sampling(temperature=0.0, max_new_tokens=2048),
    published_rule=by_method.published,
    strict_rule=by_method.strict,
)
