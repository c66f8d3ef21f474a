"""GeoQA's test part as R1-V scores it: greedy, 1,024 tokens, math-verify on the whole output."""

from rlvr.benchmarks.benchmark import Benchmark, Published
from rlvr.datasets import geoqa_test
from rlvr.prompts import Prompt
from rlvr.scoring import symbolic
from rlvr.training import Sampling

BENCHMARK = Benchmark(
    name="geoqa_test",
    title="GeoQA test",
    source=geoqa_test.TEST,
    prompt=Prompt(
        template="{question} First reason inside <think> </think>, then give the number inside <answer> </answer>."
    ),
    sampling=Sampling(temperature=0.0, max_new_tokens=1024),
    published_rule=symbolic.geoqa_published,
    strict_rule=symbolic.geoqa_strict,
    published=(
        Published(
            model="Qwen2.5-VL-3B-Instruct", role="base", score_percent=35.41, rows=754, source="R1-V README@bbbbe3d"
        ),
        Published(
            model="R1-V Qwen2.5-VL-3B, 1 epoch",
            role="tuned",
            score_percent=47.48,
            rows=754,
            source="R1-V README@bbbbe3d",
        ),
        Published(
            model="Qwen2-VL-7B-Instruct", role="base", score_percent=30.63, rows=754, source="R1-V README@bbbbe3d"
        ),
        Published(
            model="R1-V Qwen2-VL-7B, 2 epochs",
            role="tuned",
            score_percent=38.72,
            rows=754,
            source="R1-V README@bbbbe3d",
        ),
    ),
)
"""The README speaks of 735 rows; the outputs that it ships have 754."""
