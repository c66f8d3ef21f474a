"""Geometry3K, test part, with free answers. Reason-RFT reports a re-cut of 800 rows: see `geometry3k_reason_rft`.

No method here prints a figure for this part; the sampling is that of the other mathematics benchmarks.
"""

from rlvr.benchmarks.benchmark import Benchmark
from rlvr.benchmarks.math_vista import PROMPT
from rlvr.datasets import geometry3k
from rlvr.scoring import letter_or_value
from rlvr.training import Sampling

BENCHMARK = Benchmark(
    name="geometry3k",
    title="Geometry3K test",
    source=geometry3k.TEST,
    prompt=PROMPT,
    sampling=Sampling(temperature=0.0, max_new_tokens=2048),
    published_rule=letter_or_value.published,
    strict_rule=letter_or_value.strict,
)
