"""MM-Vet: open answers that the publication lets GPT-4 grade in tenths; elements found as words stand in for it."""

from rlvr.benchmarks.benchmark import Benchmark
from rlvr.datasets import mm_vet
from rlvr.prompts import Prompt
from rlvr.scoring import word_parts
from rlvr.training import Sampling

BENCHMARK = Benchmark(
    name="mm_vet",
    title="MM-Vet",
    source=mm_vet.TEST,
    prompt=Prompt(template="{question} Give the answer inside <answer> </answer>."),
    sampling=Sampling(temperature=0.0, max_new_tokens=1024),
    published_rule=word_parts.published,
    strict_rule=word_parts.strict,
    judge_rule=word_parts.JUDGE,
)
