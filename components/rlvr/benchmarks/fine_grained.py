"""Fine-grained classification as Visual-RFT scores it: Flower102, FGVC-Aircraft, Cars196 and Pets37."""

from dataclasses import replace

from rlvr.benchmarks.benchmark import Benchmark
from rlvr.datasets import fine_grained_test
from rlvr.prompts import Prompt
from rlvr.scoring import class_name
from rlvr.training import Sampling

PROMPT = Prompt(template="{question} Reason in <think> </think>, then give its name in <answer> </answer>.")
"""The contract of all classification tasks: tags are upstream's, the wording is ours."""

FLOWERS = Benchmark(
    name="flower102",
    title="Flower102",
    source=fine_grained_test.FLOWERS,
    prompt=PROMPT,
    sampling=Sampling(temperature=0.0, max_new_tokens=1024),
    published_rule=class_name.published,
    strict_rule=class_name.strict,
)
"""Upstream generates with the checkpoint's own settings, whose top_k is 1: greedy."""

AIRCRAFT = replace(FLOWERS, name="fgvc_aircraft", title="FGVC-Aircraft", source=fine_grained_test.AIRCRAFT)
CARS = replace(FLOWERS, name="cars196", title="Stanford Cars 196", source=fine_grained_test.CARS)
PETS = replace(FLOWERS, name="pets37", title="Oxford-IIIT Pets 37", source=fine_grained_test.PETS)
