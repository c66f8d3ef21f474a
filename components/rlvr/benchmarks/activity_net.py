"""ActivityNet Captions (val_2) as VideoChat-R1 scores it: mean overlap of the span; no model trained on it."""

from dataclasses import replace

from rlvr.benchmarks import charades_sta
from rlvr.datasets import activity_net

BENCHMARK = replace(
    charades_sta.BENCHMARK,
    name="activity_net",
    title="ActivityNet Captions val_2 (mIoU)",
    source=activity_net.VAL_2,
    published=(
        *charades_sta.printed("Qwen2.5-VL-7B-Instruct", "base", 17_031, 21.1, r5=15.8, r7=7.5),
        *charades_sta.printed("fine-tuned on Charades-STA", "sft", 17_031, 20.6, r5=16.7, r7=7.9),
        *charades_sta.printed("VideoChat-R1", "tuned", 17_031, 36.6, r5=33.4, r7=17.7),
        *charades_sta.printed("VideoChat-R1-thinking", "tuned", 17_031, 35.5, r5=33.3, r7=16.7),
    ),
)
