"""NExT-QA, multiple choice, asked and scored as VideoChat-R1's letters of NExT-GQA; no figure is published."""

from dataclasses import replace

from rlvr.benchmarks import next_gqa
from rlvr.datasets import next_qa

BENCHMARK = replace(
    next_gqa.ACCURACY,
    name="next_qa",
    title="NExT-QA test (accuracy)",
    source=next_qa.TEST,
    prompt=next_gqa.LETTER,
    published=(),
)
