"""MVBench, as VideoChat-R1 prints it; letters scored as in NExT-GQA.

All twenty kinds have 200 questions, so the mean over questions is the mean over kinds that is published. Its prompt for
these sets is not published: the one of its questions without moments stands for it.
"""

from dataclasses import replace

from rlvr.benchmarks import charades_sta, next_gqa
from rlvr.benchmarks.benchmark import Published
from rlvr.datasets import mv_bench

BENCHMARK = replace(
    next_gqa.ACCURACY,
    name="mv_bench",
    title="MVBench",
    source=mv_bench.TEST,
    prompt=next_gqa.LETTER,
    published=(
        Published(
            model="Qwen2.5-VL-7B-Instruct", role="base", score_percent=66.9, rows=4000, source=charades_sta.TABLE
        ),
        Published(model="fine-tuned on NExT-GQA", role="sft", score_percent=59.2, rows=4000, source=charades_sta.TABLE),
        Published(model="VideoChat-R1", role="tuned", score_percent=67.9, rows=4000, source=charades_sta.TABLE),
        Published(
            model="VideoChat-R1-thinking", role="tuned", score_percent=66.2, rows=4000, source=charades_sta.TABLE
        ),
    ),
)
