"""GeoMath as Reason-RFT scores it: 820 rows from the training distribution."""

from rlvr.benchmarks.benchmark import Benchmark
from rlvr.benchmarks.reason_rft_sampling import SAMPLING
from rlvr.datasets import geo_math
from rlvr.prompts import Prompt
from rlvr.scoring import reason_rft

PROMPT = Prompt(template="{question} First reason inside <think> </think>, then answer inside <answer> </answer>.")
"""The geometry task's contract; whether a letter or a number is wanted is part of each question, as upstream."""

BENCHMARK = Benchmark(
    name="geo_math",
    title="GeoMath",
    source=geo_math.TEST,
    prompt=PROMPT,
    sampling=SAMPLING,
    published_rule=reason_rft.answer_published,
    strict_rule=reason_rft.answer_strict,
)
