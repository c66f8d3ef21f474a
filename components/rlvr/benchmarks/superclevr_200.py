"""SuperCLEVR-200 as R1-V scores it: greedy, 256 tokens, first answer tag that holds only digits, integer equality."""

from rlvr.benchmarks.benchmark import Benchmark, Published
from rlvr.datasets import superclevr_200
from rlvr.prompts import Prompt
from rlvr.scoring import exact
from rlvr.training import Sampling

BENCHMARK = Benchmark(
    name="superclevr_200",
    title="SuperCLEVR-200",
    source=superclevr_200.TEST,
    prompt=Prompt(
        template="{question} First reason inside <think> </think>, then give the number inside <answer> </answer>."
    ),
    sampling=Sampling(temperature=0.0, max_new_tokens=256),
    published_rule=exact.superclevr_published,
    strict_rule=exact.strict_integer,
    published=(
        Published(
            model="Qwen2-VL-2B-Instruct", role="base", score_percent=48.0, rows=200, source="R1-V README@bbbbe3d"
        ),
        Published(model="R1-V 2B, 100 steps", role="tuned", score_percent=82.5, rows=200, source="R1-V README@bbbbe3d"),
    ),
)
