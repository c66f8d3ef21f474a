"""Perception Test, validation part, as VideoChat-R1 prints it; letters scored as in NExT-GQA.

Its prompt for these sets is not published: the one of its questions without moments stands for it.
"""

from dataclasses import replace

from rlvr.benchmarks import charades_sta, next_gqa
from rlvr.benchmarks.benchmark import Published
from rlvr.datasets import perception_test as rows

BENCHMARK = replace(
    next_gqa.ACCURACY,
    name="perception_test",
    title="Perception Test (validation)",
    source=rows.VALIDATION,
    prompt=next_gqa.LETTER,
    published=(
        Published(
            model="Qwen2.5-VL-7B-Instruct", role="base", score_percent=69.1, rows=None, source=charades_sta.TABLE
        ),
        Published(model="fine-tuned on NExT-GQA", role="sft", score_percent=60.7, rows=None, source=charades_sta.TABLE),
        Published(model="VideoChat-R1", role="tuned", score_percent=70.0, rows=None, source=charades_sta.TABLE),
        Published(
            model="VideoChat-R1-thinking", role="tuned", score_percent=69.6, rows=None, source=charades_sta.TABLE
        ),
    ),
)
