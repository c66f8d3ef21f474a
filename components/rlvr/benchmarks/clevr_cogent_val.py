"""CLEVR-CoGenT validation with complex questions, parts A and B; R1-V's prompt and training rule, greedy."""

from dataclasses import replace

from rlvr.benchmarks.benchmark import Benchmark
from rlvr.datasets import clevr_cogent_val
from rlvr.prompts import Prompt
from rlvr.scoring import clevr_cogent
from rlvr.training import Sampling

VAL_A = Benchmark(
    name="clevr_cogent_val_a",
    title="CLEVR-CoGenT val A, complex",
    source=clevr_cogent_val.VAL_A,
    prompt=Prompt(
        template="{question} First reason inside <think> </think>, then give the answer inside <answer> </answer>."
    ),
    sampling=Sampling(temperature=0.0, max_new_tokens=1024),
    published_rule=clevr_cogent.published,
    strict_rule=clevr_cogent.strict,
)
"""Colours as in training."""

VAL_B = replace(VAL_A, name="clevr_cogent_val_b", title="CLEVR-CoGenT val B, complex", source=clevr_cogent_val.VAL_B)
"""Colours swapped between shapes."""
