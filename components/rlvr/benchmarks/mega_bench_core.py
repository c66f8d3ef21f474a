"""MEGA-Bench, core set: macro mean over tasks of forty metrics (`rlvr.scoring.mega_bench`).

Upstream's prompts say how to answer; generation is greedy with 2,048 tokens. Rows with videos, and rows with a field
that no rule here can score, are left out and counted, so that the figure is not that of all 440 tasks.
"""

from rlvr.benchmarks.benchmark import Benchmark
from rlvr.datasets import mega_bench
from rlvr.prompts import Prompt
from rlvr.scoring.mega_bench import rules
from rlvr.training import Sampling

BENCHMARK = Benchmark(
    name="mega_bench_core",
    title="MEGA-Bench core",
    source=mega_bench.CORE,
    prompt=Prompt(template="{question}"),
    sampling=Sampling(temperature=0.0, max_new_tokens=2048),
    published_rule=rules.published,
    strict_rule=rules.strict,
    macro_by="task_name",
)
