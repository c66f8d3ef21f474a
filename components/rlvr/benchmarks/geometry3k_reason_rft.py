"""Geometry3K in Reason-RFT's re-cut: 800 rows out of the training distribution."""

from rlvr.benchmarks.benchmark import Benchmark
from rlvr.benchmarks.geo_math import PROMPT
from rlvr.benchmarks.reason_rft_sampling import SAMPLING
from rlvr.datasets import geo_math
from rlvr.scoring import reason_rft

BENCHMARK = Benchmark(
    name="geometry3k_reason_rft",
    title="Geometry3K (Reason-RFT)",
    source=geo_math.GEOMETRY3K,
    prompt=PROMPT,
    sampling=SAMPLING,
    published_rule=reason_rft.answer_published,
    strict_rule=reason_rft.answer_strict,
)
