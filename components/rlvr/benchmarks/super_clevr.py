"""Super-CLEVR as Reason-RFT scores it: 1,000 counting rows out of the training distribution."""

from rlvr.benchmarks.benchmark import Benchmark
from rlvr.benchmarks.clevr_math import PROMPT
from rlvr.benchmarks.reason_rft_sampling import SAMPLING
from rlvr.datasets import clevr_math
from rlvr.scoring import reason_rft

BENCHMARK = Benchmark(
    name="super_clevr",
    title="Super-CLEVR",
    source=clevr_math.SUPER_CLEVR,
    prompt=PROMPT,
    sampling=SAMPLING,
    published_rule=reason_rft.answer_published,
    strict_rule=reason_rft.answer_strict,
)
