"""ActivityNet Captions (val_2) as VideoChat-R1 scores it: mean overlap of the span; no model trained on it."""

from dataclasses import replace

from rlvr.benchmarks import charades_sta
from rlvr.benchmarks.benchmark import Published
from rlvr.datasets import activity_net

BENCHMARK = replace(
    charades_sta.BENCHMARK,
    name="activity_net",
    title="ActivityNet Captions val_2 (mIoU)",
    source=activity_net.VAL_2,
    published=(
        Published(
            model="Qwen2.5-VL-7B-Instruct", role="base", score_percent=21.1, rows=17_031, source=charades_sta.TABLE
        ),
        Published(
            model="fine-tuned on Charades-STA", role="sft", score_percent=20.6, rows=17_031, source=charades_sta.TABLE
        ),
        Published(model="VideoChat-R1", role="tuned", score_percent=36.6, rows=17_031, source=charades_sta.TABLE),
        Published(
            model="VideoChat-R1-thinking", role="tuned", score_percent=35.5, rows=17_031, source=charades_sta.TABLE
        ),
    ),
)
