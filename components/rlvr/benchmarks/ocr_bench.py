"""OCRBench, greedy with 128 tokens as in its own evaluation; more where a method reasons first."""

from rlvr.benchmarks.benchmark import Benchmark
from rlvr.datasets import ocr_bench
from rlvr.prompts import Prompt
from rlvr.scoring import ocr_bench as scoring
from rlvr.training import Sampling

BENCHMARK = Benchmark(
    name="ocr_bench",
    title="OCRBench",
    source=ocr_bench.TEST,
    prompt=Prompt(template="{question} Give the answer inside <answer> </answer>."),
    sampling=Sampling(temperature=0.0, max_new_tokens=128),
    published_rule=scoring.published,
    strict_rule=scoring.strict,
)
