"""TRANCE with the second view from the right: 1,000 rows out of the training distribution."""

from rlvr.benchmarks.benchmark import Benchmark
from rlvr.benchmarks.reason_rft_sampling import SAMPLING
from rlvr.benchmarks.trance import PROMPT
from rlvr.datasets import trance
from rlvr.scoring import reason_rft

BENCHMARK = Benchmark(
    name="trance_right",
    title="TRANCE, right view",
    source=trance.RIGHT,
    prompt=PROMPT,
    sampling=SAMPLING,
    published_rule=reason_rft.trance_published,
    strict_rule=reason_rft.trance_strict,
)
