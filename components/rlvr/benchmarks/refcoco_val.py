"""RefCOCO val and its relatives as VLM-R1 scores them: greedy, 256 tokens, the last box in braces, IoU above 0.5.

Upstream scores 2,000 rows of each set after a shuffle with seed 42 (test_rec_r1.py@90052f4). Models that were not
trained with tags are scored by another script with another prompt and another rule (`referring.first_number_box`).
"""

from dataclasses import replace

from rlvr.benchmarks.benchmark import Benchmark
from rlvr.datasets import refcoco
from rlvr.prompts import Prompt
from rlvr.scoring import referring
from rlvr.training import Sampling

PROMPT = Prompt(template="{question} Think in <think> </think>, then answer in <answer> </answer> in JSON format.")
"""VLM-R1's contract for boxes: tags and JSON are upstream's, the wording is ours."""

BENCHMARK = Benchmark(
    name="refcoco_val",
    title="RefCOCO val",
    source=refcoco.VAL,
    prompt=PROMPT,
    sampling=Sampling(temperature=0.0, max_new_tokens=256),
    published_rule=referring.published,
    strict_rule=referring.strict,
)

PER_MILLE = replace(
    BENCHMARK,
    name="refcoco_val_per_mille",
    title="RefCOCO val, boxes in thousandths",
    source=refcoco.VAL_PER_MILLE,
    published_rule=referring.per_mille_published,
    strict_rule=referring.per_mille_strict,
)
"""For InternVL, which writes thousandths."""
