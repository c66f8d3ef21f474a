"""VSR's random test split, which VisualThinker-R1-Zero's figures fit: they are shares of 2,195 rows and not of 1,222.

Upstream's script for it is not published: greedy decoding with 1,024 tokens as for its CV-Bench, the rule is ours.
"""

from rlvr.benchmarks.benchmark import Benchmark
from rlvr.datasets import vsr
from rlvr.prompts import Prompt
from rlvr.scoring import yes_no
from rlvr.training import Sampling

BENCHMARK = Benchmark(
    name="vsr",
    title="VSR random",
    source=vsr.RANDOM,
    prompt=Prompt(template="{question} Reason inside <think> </think>, then yes or no inside <answer> </answer>."),
    sampling=Sampling(temperature=0.0, max_new_tokens=1024),
    published_rule=yes_no.published,
    strict_rule=yes_no.strict,
)
