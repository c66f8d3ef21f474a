"""LogicVista, as MMR1 reports it. Its 448 rows give wide intervals, about 4.6 points to either side."""

from rlvr.benchmarks.benchmark import Benchmark
from rlvr.benchmarks.math_vista import PROMPT
from rlvr.datasets import logic_vista
from rlvr.scoring import logic_vista as scoring
from rlvr.training import Sampling

BENCHMARK = Benchmark(
    name="logic_vista",
    title="LogicVista",
    source=logic_vista.TEST,
    prompt=PROMPT,
    sampling=Sampling(temperature=0.0, max_new_tokens=4096),
    published_rule=scoring.published,
    strict_rule=scoring.strict,
)
