"""ChartQA test, as MMR1 reports it. Half of its rows were written by a machine."""

from rlvr.benchmarks.benchmark import Benchmark
from rlvr.benchmarks.math_vista import PROMPT
from rlvr.datasets import chart_qa
from rlvr.scoring import chart_qa as scoring
from rlvr.training import Sampling

BENCHMARK = Benchmark(
    name="chart_qa",
    title="ChartQA test",
    source=chart_qa.TEST,
    prompt=PROMPT,
    sampling=Sampling(temperature=0.0, max_new_tokens=4096),
    published_rule=scoring.published,
    strict_rule=scoring.strict,
)
